"""Errors as problem documents."""

from typing import Any

import msgspec
from starlette.responses import Response

from coatcheck.errors import BadInput, Busy, CoatcheckError, TooManyAttempts

MEDIA_TYPE = "application/problem+json"


def problem_of(error: CoatcheckError, request_id: str = "") -> dict[str, Any]:
    """Give the document for an error: constant public words, never the operator's reason.

    See: RFC 9457.
    """
    document: dict[str, Any] = {
        "type": f"urn:coatcheck:{error.code}",
        "code": error.code,
        "status": error.status,
        "title": error.says,
    }
    if isinstance(error, BadInput) and error.fields:
        document["fields"] = error.fields
    if request_id:
        document["request_id"] = request_id
    return document


def problem_headers(error: CoatcheckError) -> dict[str, str]:
    """Give the headers that go with an error: when to try again, how to authenticate."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, (TooManyAttempts, Busy)):
        headers["retry-after"] = str(error.retry_after)
    return headers


def problem_response(error: CoatcheckError, request_id: str = "") -> Response:
    """Answer with the problem document for an error."""
    body = msgspec.json.encode(problem_of(error, request_id))
    return Response(body, error.status, headers=problem_headers(error), media_type=MEDIA_TYPE)
