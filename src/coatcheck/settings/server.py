"""Settings of the server: where it is reached, and behind which proxies."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from coatcheck import unsafe

FORWARDED_HEADERS = ("x-forwarded-for", "x-real-ip", "cf-connecting-ip", "fly-client-ip", "true-client-ip")


class ServerSettings(Struct, frozen=True, kw_only=True):
    """Say where the server is reached."""

    public_url: str | None = None
    """Scheme, host and mount path as people and services reach it, such as `https://example.org/auth`; mailed links,
    the issuer and the kind of cookies come from it, never from a header. Required unless every visitor is on this
    machine."""

    workers: int = 1
    """Processes that serve together on one machine; they share its cores and memory for hashing passwords. `coatcheck
    serve --workers` goes before it; with another server, set it to as many as that one starts."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of the reverse proxies in front, such as `10.0.0.0/8`. Only they may name the client."""

    client_address_header: str = "x-forwarded-for"
    """The one header in which the proxies name the client."""

    operators: tuple[str, ...] = ()
    """Addresses or networks besides this machine that may ask `/readyz` and `/metrics`, such as the monitoring's."""

    unsafe: tuple[str, ...] = ()
    """Protections switched off, each by its name in `coatcheck.unsafe`."""

    def __post_init__(self) -> None:
        if self.public_url is not None:
            _check_public_url(self.public_url, plain_allowed=unsafe.PLAIN_HTTP.name in self.unsafe)
        if not 1 <= self.workers <= 512:
            raise ValueError("server.workers must be between 1 and 512")
        for name in ("trusted_proxies", "operators"):
            _check_networks(name, getattr(self, name))
        if self.client_address_header.lower() not in FORWARDED_HEADERS:
            raise ValueError(f"server.client_address_header must be one of {', '.join(FORWARDED_HEADERS)}")
        for name in self.unsafe:
            if name not in unsafe.ALL:
                raise ValueError(f"server.unsafe: {name!r} is none of {', '.join(unsafe.ALL)}")


def _check_networks(name: str, networks: tuple[str, ...]) -> None:
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ValueError(f"server.{name}: {network!r} is no address or network") from None


def _check_public_url(url: str, *, plain_allowed: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"server.public_url: {url!r} must read like https://example.org/auth")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("server.public_url: leave out user, query and fragment")
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1") and not plain_allowed:
        raise ValueError("server.public_url: use https (plain http would send passwords in clear)")
