"""Where an issuer's addresses are: its metadata, believed only when they are about that issuer."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from coatcheck.verifier.fetching import Fetcher, parsed

WELL_KNOWN = "/.well-known/oauth-authorization-server"
_MOST_BYTES = 65_536


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the addresses that a verifier asks.

    See: RFC 8414 section 2.
    """

    issuer: str
    jwks_uri: str
    token_endpoint: str | None = None
    introspection_endpoint: str | None = None
    status_list_aggregation_endpoint: str | None = None
    status_feed_endpoint: str | None = None
    status_ack_endpoint: str | None = None

    def __repr__(self) -> str:
        return f"Metadata({self.issuer})"


def parse_issuer(url: str) -> str:
    """Take the address of an issuer as its owner wrote it.

    Raises:
        ValueError: it is no `https` address, or plain `http` to another machine; or it has a query, a fragment, a user
            or a slash at its end.

    See: RFC 8414 section 2.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username or parts.password or url.endswith(("/", "?", "#")):
        raise ValueError("issuer: leave out user, query, fragment and the slash at the end")
    if not is_safe(url):
        raise ValueError("issuer: it must read like https://example.org/auth (plain http only on this machine)")
    return url


def is_safe(url: str) -> bool:
    """Tell whether nobody on the way to an address can read or change what is sent: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)))
    except ValueError:
        return False


def read_metadata(body: bytes, issuer: str) -> Metadata:
    """Give the metadata of an issuer.

    Raises:
        ValueError: they are malformed, about another issuer, or name an address that others could read.

    See: RFC 8414 section 3.3.
    """
    metadata = msgspec.json.decode(body, type=Metadata)
    if metadata.issuer != issuer:
        raise ValueError("the metadata are about another issuer")
    unsafe = [
        name for name, value in msgspec.structs.asdict(metadata).items() if value is not None and not is_safe(value)
    ]
    if unsafe:
        raise ValueError(f"the metadata name an address without https: {', '.join(unsafe)}")
    return metadata


async def fetch_metadata(fetcher: Fetcher, issuer: str) -> Metadata:
    """Ask an issuer for its metadata.

    Raises:
        CannotFetch: it gives none that can be believed.
    """
    answer = await fetcher.get(issuer + WELL_KNOWN, most=_MOST_BYTES)
    return parsed(answer, lambda body: read_metadata(body, issuer), "metadata")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
