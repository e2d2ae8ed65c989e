"""CORS: only the owner's other apps, named exactly, are answered; and never with cookies."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from coatcheck.settings import WebSettings

_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type, dpop, idempotency-key",
    "access-control-max-age": "600",
}
_EXPOSED = b"DPoP-Nonce, Retry-After, WWW-Authenticate, Date"
"""What a script of another origin needs of an answer: `Date` tells it how wrong its device's clock is."""


def cors_headers(web: WebSettings, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Give the headers that let one of the owner's other apps read an answer; none for anybody else.

    See: ASVS 3.4.2.
    """
    if not web.origins:
        return []
    origin = headers.get("origin")
    vary = [(b"vary", b"Origin")]
    if origin is None or origin not in web.origins:
        return vary
    return [
        *vary,
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-expose-headers", _EXPOSED),
    ]


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a browser asks if it may send a request."""
    return method == "OPTIONS" and "access-control-request-method" in headers


async def answer_preflight(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a preflight; without our allow-origin header, which strangers do not get, it allows nothing."""
    await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
