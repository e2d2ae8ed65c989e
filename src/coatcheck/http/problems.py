"""Errors as problem documents."""

from starlette.responses import Response

from coatcheck.errors import CoatcheckError
from coatcheck.verifier.answer import answer_of


def problem_response(error: CoatcheckError, request_id: str = "") -> Response:
    """Answer with the problem document for an error."""
    answer = answer_of(error, request_id)
    return Response(answer.body, answer.status, headers=answer.headers)
