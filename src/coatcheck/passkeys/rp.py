"""The relying party: the name that passkeys are bound to, and the origin that they are used on. Both are ours alone."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from coatcheck.errors import BadInput, ConfigurationError
from coatcheck.settings import Settings

_FIX = "Give it a name in server.public_url, or set sign_in.passkeys = false."


class RelyingParty(Struct, frozen=True):
    """Say for whom passkeys are.

    Args:
        id: the host of the site: a key registered for it is offered on this host alone.
        origin: scheme, host and port, as a browser spells them.
        name: what people call the site.

    See: WebAuthn section 5.1.3 (RP id), 13.4.9 (origins).
    """

    id: str
    origin: str
    name: str


def relying_party(settings: Settings, base_url: str) -> RelyingParty:
    """Give the relying party: of `server.public_url`, or on this machine `localhost`.

    Args:
        base_url: where the visit reached us; it counts on this machine alone, where nothing else is served.

    Raises:
        BadInput: this machine is visited by an address, which no passkey can be bound to.
    """
    parts = urlsplit(settings.server.public_url or base_url)
    host = (parts.hostname or "").lower()
    if _is_address(host):
        raise BadInput({"passkey": "Passkeys need a name in the address bar: open this page at localhost."})
    return RelyingParty(host, _origin(parts.scheme, host, parts.port), settings.site.name)


def has_passkeys(settings: Settings, base_url: str) -> bool:
    """Tell whether passkeys can be used where this visit reached us."""
    return settings.sign_in.passkeys and not _is_address(
        urlsplit(settings.server.public_url or base_url).hostname or ""
    )


def check_relying_party(settings: Settings) -> None:
    """Refuse to start where no browser would use a passkey.

    Raises:
        ConfigurationError: the site is reached by an address, or by plain HTTP from afar.
    """
    url = settings.server.public_url
    if not settings.sign_in.passkeys or url is None:
        return
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if _is_address(host):
        raise ConfigurationError(f"passkeys are bound to a name, and server.public_url is the address {host}. {_FIX}")
    if parts.scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        raise ConfigurationError(f"browsers use passkeys over https alone, and server.public_url is {url}. {_FIX}")


def _origin(scheme: str, host: str, port: int | None) -> str:
    is_usual = port is None or port == {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host}" if is_usual else f"{scheme}://{host}:{port}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
