"""Errors as problem documents, and as lines of the log."""

import structlog
from starlette.responses import Response

from coatcheck.errors import CoatcheckError
from coatcheck.traces import trace_of
from coatcheck.verifier.answer import answer_of

_log = structlog.get_logger("coatcheck.server")


def problem_response(error: CoatcheckError, request_id: str = "") -> Response:
    """Answer with the problem document for an error."""
    answer = answer_of(error, request_id)
    return Response(answer.body, answer.status, headers=answer.headers)


def log_refusal(refused: CoatcheckError, request_id: str, cause: Exception | None = None) -> None:
    """Log why a request was refused, or what failed; the answer says it in public words alone.

    Args:
        cause: what it was made of, whose trace is worth more.
    """
    known = {"request_id": request_id, "code": refused.code, "because": refused.because}
    if refused.status >= 500:
        _log.error("request.failed", **known, trace=trace_of(cause or refused))
    else:
        _log.info("request.refused", **known)
