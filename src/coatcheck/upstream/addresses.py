"""The addresses of a provider: the operator's words put into an entry's templates, and what may stand there."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from coatcheck.errors import ConfigurationError
from coatcheck.settings import ProviderSettings

CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of Microsoft's personal accounts."""

TENANT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*\{(\w+)\}[^\[\]]*)\]")
_WORDS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "domain": (re.compile(r"(?!-)[a-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*"), "a host such as id.example.org"),
    "tenant": (
        re.compile(f"common|organizations|consumers|{TENANT_ID.pattern}"),
        "a tenant's id, or common, organizations or consumers",
    ),
    "realm": (re.compile(r"[A-Za-z0-9._-]{1,100}"), "its name: letters, digits, dots, - and _"),
    "server": (re.compile(r"[A-Za-z0-9._-]{1,100}"), "its id: letters, digits, dots, - and _"),
}


def words_of(where: str, given: ProviderSettings, usual: Mapping[str, str]) -> dict[str, str]:
    """Give what stands for `{domain}` and the others in an entry.

    Args:
        where: the table, such as `providers.gitlab`.
        usual: what counts where the settings are silent.

    Raises:
        ConfigurationError: a setting does not read as it should.
    """
    words = {name: getattr(given, name) or usual.get(name, "") for name in _WORDS}
    for name, (pattern, reads) in _WORDS.items():
        if words[name] and not pattern.fullmatch(words[name]):
            raise ConfigurationError(f"{where}.{name}: {words[name]!r:.80} must be {reads}")
    # A Cognito pool is called by its region: eu-central-1_AbCdEf123.
    return {**words, "region": words["realm"].partition("_")[0], "client_id": quote(given.client_id, safe="")}


def filled(template: str, words: Mapping[str, str]) -> str:
    """Put the words into a template; what is no word of ours, such as `{tenantid}`, stays.

    What stands in brackets, such as `[/oauth2/{server}]`, is left out where its word is empty.
    """
    template = _OPTIONAL.sub(lambda part: part[1] if words.get(part[2]) else "", template)
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", word)
    return template


def check_address(setting: str, url: str) -> None:
    """Refuse an address that is no https, unless it leads to this very machine.

    Raises:
        ConfigurationError: naming the setting.

    See: RFC 9700 section 2.6; ASVS 12.3.
    """
    parts = _parts(url)
    if not url.isascii() or not url.isprintable() or " " in url or parts.scheme not in ("http", "https"):
        raise ConfigurationError(f"{setting}: {url!r:.120} must be an address such as https://id.example.org")
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ConfigurationError(f"{setting}: {url!r:.120} must have a host, and no user and no fragment")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigurationError(f"{setting}: {url} must be https: codes and secrets would cross the network in clear")


def is_loopback(url: str) -> bool:
    """Tell whether an address leads to this very machine."""
    return _parts(url).hostname in LOOPBACK


def origin_of(url: str) -> str:
    """Give scheme, host and port of an address."""
    parts = _parts(url)
    return f"{parts.scheme}://{parts.netloc}"


def discovery_of(issuer: str, words: Mapping[str, str]) -> str:
    """Give where an issuer describes itself (OpenID Connect Discovery section 4)."""
    return f"{issuer.replace('{tenantid}', words['tenant']).removesuffix('/')}/.well-known/openid-configuration"


def _parts(url: str) -> SplitResult:
    """Take an address apart; one that cannot be is no address, and has no parts."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
