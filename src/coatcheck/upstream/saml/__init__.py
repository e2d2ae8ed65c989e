"""TEMP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from coatcheck.desk import Desk
from coatcheck.secret import Secret
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.round_trips import Back, RoundTrip
from coatcheck.visit import Visit


@dataclass(frozen=True)
class SamlConnection:
    name: str = ""
    title: str = ""
    domains: tuple[str, ...] = ()
    makes_accounts: bool = True
    roles: Mapping[str, str] = field(default_factory=dict)


def saml_request_address(desk: Desk, visit: Visit, connection: SamlConnection, trip: RoundTrip, state: Secret) -> str:
    return ""


async def identify_by_response(desk: Desk, visit: Visit, connection: SamlConnection, back: Back) -> Identity:
    raise NotImplementedError
