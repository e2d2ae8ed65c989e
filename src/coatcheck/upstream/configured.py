"""What the operator configured: each table of the settings and its entry, made one `Provider` when Coatcheck starts.

A wrong table stops the start, and says which setting is wrong and what to do: a half-configured way in is worse than
none.
"""

import re
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Final, TypeAlias, get_args

from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError, NotFound
from coatcheck.settings import Settings
from coatcheck.upstream.entries.entry import FOLDER, Ask
from coatcheck.upstream.of_settings import read_provider
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.saml.configured import connection_of
from coatcheck.upstream.saml.connection import SamlConnection

_BY_KEY: Final = ("private_key_jwt", "apple")
_ASKED: Final[tuple[Ask, ...]] = get_args(Ask)
_REPLACED: Final = ("authorization", "token", "userinfo", "emails")


AnyProvider: TypeAlias = Provider | SamlConnection
"""Whoever people may sign in with, whatever they speak."""


class Providers:
    """Keep the providers of the settings, in their order."""

    def __init__(self, _desk: Desk) -> None:
        self._by_name: dict[str, AnyProvider] = {}

    def use(self, providers: Iterable[AnyProvider]) -> None:
        """Take these, in place of those there were."""
        self._by_name = {each.name: each for each in providers}

    def get(self, name: str) -> AnyProvider:
        """Give the one of a name.

        Raises:
            NotFound: there is none.
        """
        if name not in self._by_name:
            raise NotFound(f"the settings name no provider {name[:60]!r}")
        return self._by_name[name]

    def all(self) -> tuple[AnyProvider, ...]:
        """Give every one, in the order of the settings."""
        return tuple(self._by_name.values())

    def title_of(self, name: str) -> str:
        """Give what people call a provider; its name, where the settings name it no more."""
        return self._by_name[name].title if name in self._by_name else name

    @property
    def has_organisations(self) -> bool:
        """Whether one of them signs in the people of an email domain."""
        return any(each.domains for each in self.all())

    def for_email(self, domain: str) -> AnyProvider | None:
        """Give the connection that names an email domain; whether the domain is proven is another question.

        Args:
            domain: in lower case, without the `@`.
        """
        return next((each for each in self.all() if domain in each.domains), None)


def has_providers(settings: Settings) -> bool:
    """Tell whether there is anybody to sign in with."""
    return bool(settings.providers or settings.saml)


def read_providers(settings: Settings, base: Path, *, folder: Path = FOLDER) -> tuple[AnyProvider, ...]:
    """Make every table of `providers` a provider, and every one of `saml` a connection.

    Args:
        base: the folder that relative key files are in.
        folder: where the entries are.

    Raises:
        ConfigurationError: a setting is missing, wrong, or of no use; the message names it and the fix.
    """
    found: list[AnyProvider] = [read_provider(settings, name, base, folder=folder) for name in settings.providers]
    found += [connection_of(name, each) for name, each in settings.saml.items()]
    for one, other in combinations(found, 2):
        _check_apart(one, other)
    return tuple(found)


def _check_apart(one: AnyProvider, other: AnyProvider) -> None:
    """Refuse two providers that speak for the same people: nobody could tell which of them let somebody in."""
    for domain in one.domains:
        if domain in other.domains:
            raise ConfigurationError(f"{_table(other)}.email_domains: {domain} is signed in by {_table(one)} already")
    issuers = _issuer_of(one), _issuer_of(other)
    if _covers(*issuers) or _covers(*reversed(issuers)):
        raise ConfigurationError(f"{_table(other)}: it has the issuer of {_table(one)}, {issuers[0]}; keep one of them")


def _table(provider: AnyProvider) -> str:
    return f"{'providers' if isinstance(provider, Provider) else 'saml'}.{provider.name}"


def _issuer_of(provider: AnyProvider) -> str:
    return provider.issuer if isinstance(provider, Provider) else provider.idp_entity_id


def _covers(issuer: str, other: str) -> bool:
    pattern = re.escape(issuer).replace(re.escape("{tenantid}"), "[^/]+")
    return re.fullmatch(pattern, other) is not None
