"""What a proxy says of the request that it asks about.

Each proxy says it in one of two ways, which its own configuration picks and no client can: nginx, Traefik and Caddy in
`X-Forwarded-*`, which they set; Envoy by the request itself, whose path it puts behind `?uri=`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from coatcheck.verifier.as_sent import address_of

SECRET: Final = "coatcheck-gateway"  # noqa: S105 (the name of a header)

_QUERY: Final = re.compile(r"(?P<pages>pages=redirect)?(?:(?:^|&)uri=(?P<uri>.*))?", re.DOTALL)
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


# A Struct, as each request of each service makes one; a frozen dataclass takes five times as long.
class Forwarded(Struct, frozen=True):
    """Hold the request that a proxy asks about, in the proxy's words; what it says unclearly is empty.

    Args:
        secret: what shows that it is our proxy.
        peer: who is connected to us.
        method: such as `GET`.
        scheme: `http` or `https`.
        host: in small letters, with its port where the client wrote one.
        uri: path and query as the client wrote them.
        is_socket: whether it opens a WebSocket.
        redirects: whether the proxy wants a redirect in the place of 401 for a page.
    """

    secret: str
    peer: str
    method: str
    scheme: str
    host: str
    uri: str
    is_socket: bool
    redirects: bool

    def __repr__(self) -> str:
        return f"Forwarded({self.method} to {self.host} by {self.peer})"

    @property
    def url(self) -> str:
        """The address as the client wrote it."""
        return address_of(self.scheme, self.host, self.uri)


def forwarded_of(headers: Mapping[str, str], scope: Mapping[str, Any]) -> Forwarded:
    """Read what a proxy says.

    Args:
        headers: small-letter names; one sent twice is joined by a comma and a space, so that it names nothing.
        scope: of the proxy's own request.
    """
    given = headers.get
    query = scope["query_string"]
    asked = _QUERY.fullmatch(query.decode("latin-1")) if query else None
    # Behind `uri=` everything is the client's, so the ways are never mixed: a header that a client sent along says
    # nothing where the proxy tells by the request, and the other way round.
    if asked is not None and asked["uri"] is not None:
        method, host, uri = scope["method"], given("host", ""), asked["uri"]
    else:
        method, host, uri = given("x-forwarded-method", ""), given("x-forwarded-host", ""), given("x-forwarded-uri", "")
    scheme = given("x-forwarded-proto", "")
    return Forwarded(
        secret=given(SECRET, ""),
        peer=scope["client"][0] if scope.get("client") else "",
        method=method,
        scheme=_SCHEMES.get(scheme, ""),
        host=host.lower(),
        uri=uri if asked is not None or not query else "",
        # A browser sends these with every socket that it opens, and no page can keep it from doing so (RFC 6455).
        is_socket="sec-websocket-key" in headers or "sec-websocket-version" in headers or scheme in ("ws", "wss"),
        redirects=asked is not None and asked["pages"] is not None,
    )
