"""Errors as problem documents, and as lines of the log."""

from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.responses import Response

from coatcheck.errors import CoatcheckError
from coatcheck.traces import trace_of
from coatcheck.verifier.answer import answer_of

REFUSED = "coatcheck.refused"
"""Where a refusal is put for the request's own line in the log, if it has one."""

_log = structlog.get_logger("coatcheck.server")


def problem_response(error: CoatcheckError, request_id: str = "") -> Response:
    """Answer with the problem document for an error."""
    answer = answer_of(error, request_id)
    return Response(answer.body, answer.status, headers=answer.headers)


def note_refusal(
    scope: MutableMapping[str, Any], refused: CoatcheckError, request_id: str, cause: Exception | None = None
) -> None:
    """Note why a request was refused, or what failed; the answer says it in public words alone.

    A request has one line in the log; where there is one, it says why. What failed has another, with its trace.

    Args:
        scope: of the request.
        cause: what the refusal was made of, whose trace is worth more.
    """
    known = {"request_id": request_id, "code": refused.code, "because": refused.because}
    if refused.status >= 500:
        _log.error("request.failed", **known, trace=trace_of(cause or refused))
    elif REFUSED in scope:
        scope[REFUSED].append(refused)
    else:
        _log.info("request.refused", **known)
