"""Errors of OAuth's own calls, as RFC 6749 words them."""

from typing import Final

import msgspec
from starlette.responses import Response

from coatcheck.errors import BadInput, BodyTooLarge, Busy, CoatcheckError, OAuthRefused, TokenRefused, TooManyAttempts
from coatcheck.verifier.answer import problem_headers

CALLS: Final = "/oauth/"
"""What the addresses of these calls begin with."""

_SAYS: Final = {
    "invalid_client": "This client could not be authenticated.",
    "invalid_grant": "This token was issued to another client.",
    "invalid_request": "This request lacks a parameter, has one twice, or has one that cannot be used.",
    "invalid_scope": "This scope cannot be given to this client.",
    "invalid_target": "No token for this audience can be given to this client, or it has to say for which.",
    "unsupported_grant_type": "Tokens are not given by this grant type.",
}
_BASIC: Final = 'Basic realm="coatcheck", charset="UTF-8"'
_BEARER: Final = 'Bearer realm="coatcheck", error="invalid_token"'


def oauth_response(error: CoatcheckError) -> Response:
    """Answer with an error's name and constant words; the reason stays in the log.

    See: RFC 6749 section 5.2; RFC 6750 section 3; RFC 8707 section 2.
    """
    name = _name(error)
    headers = problem_headers(error) | {"pragma": "no-cache"}
    if name in _CHALLENGES:
        headers["www-authenticate"] = _CHALLENGES[name]
    says = _SAYS.get(name, error.says) if isinstance(error, (OAuthRefused, BadInput)) else error.says
    body = msgspec.json.encode({"error": name, "error_description": says})
    return Response(body, _status(name, error), headers=headers, media_type="application/json")


def _name(error: CoatcheckError) -> str:
    match error:
        case OAuthRefused():
            return error.error
        case TokenRefused():
            return error.code
        case TooManyAttempts() | Busy():
            return "temporarily_unavailable"
        case _:
            return "invalid_request" if error.status < 500 else "server_error"


def _status(name: str, error: CoatcheckError) -> int:
    if name == "invalid_client":
        return 401
    return 400 if isinstance(error, BadInput) and not isinstance(error, BodyTooLarge) else error.status


_CHALLENGES: Final = {"invalid_client": _BASIC, "invalid_token": _BEARER}
