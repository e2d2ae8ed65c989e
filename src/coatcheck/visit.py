"""The facts of one request, with nothing of a framework in them.

They are structs, as each request makes them: a frozen dataclass takes ten times as long. Structs cannot hide single
fields, so each says itself what it shows.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Carry what a request presents, for `Authenticator.authenticate`.

    Args:
        method: `GET`, `POST`, …; a WebSocket upgrade is `GET` with `websocket` set.
        url: the full URL as the client addressed it, its path not decoded; `address_of` writes it so that a `Host`
            which a stranger made up does not reach into the path.
        authorization: the `Authorization` header, or None.
        dpop: the `DPoP` header, or None (RFC 9449).
        cookies: the raw `Cookie` header values, joined by `; `.
        origin: the `Origin` header, or None.
        sec_fetch_site: the `Sec-Fetch-Site` header, or None.
        websocket: whether this is a WebSocket upgrade.
        proven: what this request has proven so far by its `DPoP` header, for `Proofs` alone. Who checks one request
            twice keeps it with the request, so that its own proof is not taken for one that came before.
        is_use: whether asking counts as a use of the session. A connection that stays open is looked at again and
            again; that must not keep a session alive which nobody uses.
        address: the client's, as far as who gathered this can tell; empty when unknown. Nobody is let in by it: made-up
            API keys are counted by it.
    """

    method: str = "GET"
    url: str = ""
    authorization: str | None = None
    dpop: str | None = None
    cookies: str = ""
    origin: str | None = None
    sec_fetch_site: str | None = None
    websocket: bool = False
    proven: dict[Any, Any] | None = None
    is_use: bool = True
    address: str = ""

    @property
    def is_unsafe(self) -> bool:
        """Whether this request may change something, so that another site must not cause it."""
        return self.websocket or self.method not in SAFE_METHODS

    def __repr__(self) -> str:
        return f"Asked({self.method})"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Carry who asks, from where and with what, to a flow.

    Args:
        asked: what the request presents.
        address: the client's address in canonical text, behind the configured proxies; empty when unknown.
        user_agent: the `User-Agent` header, at most 400 characters.
        request_id: names this request in logs and audit.
        base_url: where we are reached, with the mount and no slash at its end: `server.public_url`, or this machine's
            own address.
        browser: the secret of the cookie that names this browser, or empty.
        known: the secret of the known-device cookie, or empty.
        trusted: the secret of the trusted-browser cookie, or empty.
        permit: the secret of the doctor's permit, or empty.
    """

    asked: Asked = Asked()
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    base_url: str = ""
    browser: str = ""
    known: str = ""
    trusted: str = ""
    permit: str = ""

    def __repr__(self) -> str:
        return f"Visit({self.request_id} from {self.address})"


# A name that is at hand need not be decoded, and its hash is known.
_USUAL = (
    "host",
    "connection",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "cookie",
    "authorization",
    "dpop",
    "origin",
    "referer",
    "content-type",
    "content-length",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "cache-control",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-proto",
    "x-forwarded-uri",
    "coatcheck-gateway",
)
_NAMES = {name.encode(): name for name in _USUAL}


def headers_of(pairs: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Decode ASGI header pairs; a header given twice is joined by `, `, cookies by `; `."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = _NAMES.get(raw_name) or raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            headers[name] += ("; " if name == "cookie" else ", ") + value
        else:
            headers[name] = value
    return headers
