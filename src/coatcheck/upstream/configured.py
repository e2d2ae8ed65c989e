"""What the operator configured: each table of the settings and its entry, made one `Provider` when Coatcheck starts.

A wrong table stops the start, and says which setting is wrong and what to do: a half-configured way in is worse than
none.
"""

import re
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError, NotFound
from coatcheck.settings import Settings
from coatcheck.upstream.entries import FOLDER
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.saml.connection import SamlConnection
from coatcheck.upstream.when_asked import when_asked

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
    found: list[AnyProvider] = []
    if settings.providers:
        read_provider = when_asked("of_settings").read_provider
        found += [read_provider(settings, name, base, folder=folder) for name in settings.providers]
    if settings.saml:
        connection_of = when_asked("saml.configured").connection_of
        found += [connection_of(name, each) for name, each in settings.saml.items()]
    for one, other in combinations(found, 2):
        _check_apart(one, other)
    return tuple(found)


def _check_apart(one: AnyProvider, other: AnyProvider) -> None:
    """Refuse two providers that speak for the same people: nobody could tell which of them let somebody in."""
    for domain in one.domains:
        if domain in other.domains:
            there = table_of(one)
            raise ConfigurationError(f"{table_of(other)}.email_domains: {domain} is signed in by {there} already")
    issuers = _issuer_of(one), _issuer_of(other)
    if _covers(*issuers) or _covers(*reversed(issuers)):
        there = table_of(one)
        raise ConfigurationError(f"{table_of(other)}: it has the issuer of {there}, {issuers[0]}; keep one of them")


def table_of(provider: AnyProvider) -> str:
    """Give the table of the settings that a provider stands in, such as `saml.acme`."""
    return f"{'providers' if isinstance(provider, Provider) else 'saml'}.{provider.name}"


def _issuer_of(provider: AnyProvider) -> str:
    return provider.issuer if isinstance(provider, Provider) else provider.idp_entity_id


def _covers(issuer: str, other: str) -> bool:
    pattern = re.escape(issuer).replace(re.escape("{tenantid}"), "[^/]+")
    return re.fullmatch(pattern, other) is not None
