"""What a proxy says of the request that it asks about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SECRET: Final = "coatcheck-gateway"  # noqa: S105 (the name of a header)
_METHOD: Final = "x-forwarded-method"
_HOST: Final = "x-forwarded-host"
_URI: Final = "x-forwarded-uri"
_SCHEME: Final = "x-forwarded-proto"


@dataclass(frozen=True)
class Forwarded:
    """Hold the request that a proxy asks about, in the proxy's words.

    Args:
        secret: what shows that it is our proxy.
        peer: who is connected to us.
    """

    secret: str = field(repr=False)
    peer: str
    method: str
    scheme: str
    host: str
    uri: str

    @property
    def url(self) -> str:
        """The address as the client wrote it."""
        return f"{self.scheme}://{self.host}{self.uri}"


def forwarded_of(headers: Mapping[str, str], scope: Mapping[str, Any], prefix: str) -> Forwarded:
    """Read what a proxy says. Envoy says it by the request itself: its method, its `Host`, the path behind ours.

    Args:
        headers: lower-case names; one sent twice is joined by a comma, so that it names no method, host or path.
        scope: of the proxy's own request.
        prefix: the path of the gateway.
    """
    given = headers.get
    host = given(_HOST)
    path = str(scope["path"]).partition(prefix)[2] or "/"
    query = scope["query_string"].decode("latin-1")
    return Forwarded(
        secret=given(SECRET, ""),
        peer=scope["client"][0] if scope.get("client") else "",
        method=given(_METHOD, "" if host else scope["method"]),
        scheme=given(_SCHEME, ""),
        host=(host or given("host", "")).lower(),
        uri=given(_URI, "" if host else f"{path}?{query}" if query else path),
    )
