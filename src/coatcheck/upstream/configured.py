"""TEMP."""

from typing import TypeAlias

from coatcheck.desk import Desk
from coatcheck.settings import Settings
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.saml import SamlConnection

AnyProvider: TypeAlias = Provider | SamlConnection


class Providers:
    def __init__(self, desk: Desk) -> None: ...
    def get(self, name: str) -> AnyProvider:
        raise NotImplementedError

    def all(self) -> tuple[AnyProvider, ...]:
        return ()

    def for_email(self, domain: str) -> AnyProvider | None:
        return None

    @property
    def has_organisations(self) -> bool:
        return False


def has_providers(settings: Settings) -> bool:
    return False
