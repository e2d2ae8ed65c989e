"""Errors of OAuth's own calls, as RFC 6749 words them."""

from typing import Final

import msgspec
from starlette.responses import Response

from coatcheck.errors import (
    BadInput,
    BodyTooLarge,
    Busy,
    ClientRefused,
    CoatcheckError,
    OAuthRefused,
    TokenRefused,
    TooManyAttempts,
)
from coatcheck.http.problems import problem_headers

CALLS: Final = "/oauth/"
"""What the addresses of these calls begin with."""

_BASIC: Final = 'Basic realm="coatcheck", charset="UTF-8"'
_BEARER: Final = 'Bearer realm="coatcheck", error="invalid_token"'


def oauth_response(error: CoatcheckError) -> Response:
    """Answer with an error's code and its constant words; the reason stays in the log.

    See: RFC 6749 section 5.2; RFC 6750 section 3.
    """
    status = 400 if isinstance(error, BadInput) and not isinstance(error, BodyTooLarge) else error.status
    headers = problem_headers(error) | {"pragma": "no-cache"}
    if status == 401:
        headers["www-authenticate"] = _BEARER if isinstance(error, TokenRefused) else _BASIC
    body = msgspec.json.encode({"error": _name(error), "error_description": error.says})
    return Response(body, status, headers=headers, media_type="application/json")


def _name(error: CoatcheckError) -> str:
    if isinstance(error, (OAuthRefused, ClientRefused, TokenRefused)):
        return error.code
    if isinstance(error, (TooManyAttempts, Busy)):
        return "temporarily_unavailable"
    return "invalid_request" if error.status < 500 else "server_error"
