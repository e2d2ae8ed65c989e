"""What is examined: a deployment's address, taken apart once. No probe sends anything to another host."""

from urllib.parse import urljoin, urlsplit

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.http.reached import is_this_machine

_PORTS = {"https": 443, "http": 80}


class Target(msgspec.Struct, frozen=True):
    """Hold the address of a deployment.

    Args:
        scheme: `https` or `http`.
        host: in small letters, without brackets.
        port: the one that is connected to.
        mount: the path that Coatcheck is mounted under, such as `/auth`, or empty.
    """

    scheme: str
    host: str
    port: int
    mount: str

    @property
    def is_https(self) -> bool:
        """Whether it is reached by TLS."""
        return self.scheme == "https"

    @property
    def is_this_machine(self) -> bool:
        """Whether the name is one of this machine's own, which nobody else reaches."""
        return is_this_machine(self.authority)

    @property
    def authority(self) -> str:
        """What stands in the header `Host`: the name, with the port where it is not the scheme's own."""
        named = f"[{self.host}]" if ":" in self.host else self.host
        return named if self.port == _PORTS[self.scheme] else f"{named}:{self.port}"

    @property
    def origin(self) -> str:
        """The origin that a browser would name."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The whole address, without a slash at its end: what `server.public_url` and the issuer should be."""
        return self.origin + self.mount


def parse_target(url: str) -> Target:
    """Read the address of a deployment, as it was typed.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _not_an_address(url) from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname or not parts.hostname.isascii():
        raise _not_an_address(url)
    if parts.query or parts.fragment or parts.username or parts.password or port == 0:
        raise _not_an_address(url)
    return Target(scheme, parts.hostname.lower(), port or _PORTS[scheme], parts.path.rstrip("/"))


def end_of(at: str, location: str) -> tuple[str, str]:
    """Give scheme and host that a browser comes to, both empty where it could not read the place.

    Args:
        at: where it was sent on from.
        location: the place, as it was written.
    """
    try:
        parts = urlsplit(urljoin(at, location))
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def _not_an_address(url: str) -> ConfigurationError:
    return ConfigurationError(f"{url!r:.200} must read like https://example.org/auth, without user, query and fragment")
