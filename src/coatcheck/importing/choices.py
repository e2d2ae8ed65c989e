"""What an operator says of an import, and what this site has: all that an account is judged by."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from msgspec import Struct, field

from coatcheck.access import records as access
from coatcheck.access.names import parse_role
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotFound
from coatcheck.passkeys.rp import relying_party
from coatcheck.secret import Veiled
from coatcheck.settings import Settings
from coatcheck.upstream.configured import AnyProvider, Providers
from coatcheck.upstream.provider import Provider

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Choices(Struct, frozen=True, kw_only=True):
    """Hold what an operator says of an import.

    Args:
        name: what the source is called in the table of those that came over: two systems of one kind need two names.
        roles: which of ours a role of the source becomes; one that is not here becomes none.
        providers: which of ours a provider of the source is; one of the same name need not be here.
        keep_addresses: whether an unconfirmed address comes beside a username too: people signed in by it there.
        without_factors: whether accounts come although no second factor they had can.
    """

    name: str
    roles: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    keep_addresses: bool = False
    without_factors: bool = False


def parse_name(raw: str) -> str:
    """Parse what a source is called.

    Raises:
        BadInput: it is no name.
    """
    if not _NAME.fullmatch(raw):
        raise BadInput({"as": "A source is named by up to 40 of a-z, 0-9, dash, underscore; a letter comes first."})
    return raw


def parse_mapping(raw: Iterable[str], what: str) -> dict[str, str]:
    """Parse `SOURCE=OURS`, each as it was typed; ours is what stands after the last `=`.

    Raises:
        BadInput: one is no such pair, or two say different things of one name.
    """
    mapping: dict[str, str] = {}
    for each in raw:
        theirs, _, ours = each.rpartition("=")
        if not theirs or not ours:
            raise BadInput({what: f"Write --{what} SOURCE=OURS, such as --{what} editors=editor."})
        if mapping.setdefault(theirs, ours) != ours:
            raise BadInput({what: f"{theirs[:60]} cannot become two of ours."})
    return mapping


class Measure(Veiled, frozen=True, kw_only=True):
    """Hold all that an account is judged by.

    Args:
        issuers: whose word the identities of each of our providers are; None where that differs from person to person.
        rp_id_hash: the SHA-256 of the host name that passkeys here are bound to.
        has_passwords, has_totp, has_passkeys: what this site has.
        now: nobody was made later.
    """

    veils: ClassVar = frozenset({"rp_id_hash"})

    choices: Choices
    issuers: Mapping[str, str | None]
    rp_id_hash: bytes
    has_passwords: bool
    has_totp: bool
    has_passkeys: bool
    now: Instant


async def measure_of(desk: Desk, base_url: str, choices: Choices) -> Measure:
    """Check an operator's choices against this site.

    Raises:
        BadInput: a role or a provider is none of ours.
    """
    await _check_roles(desk, choices)
    providers = desk.keep(Providers)
    for name in choices.providers.values():
        _check_provider(providers, name)
    settings = desk.settings
    return Measure(
        choices=choices,
        issuers={each.name: _issuer_of(each) for each in providers.all()},
        rp_id_hash=_rp_id_hash(settings, base_url),
        has_passwords=settings.passwords.enabled,
        has_totp=settings.sign_in.totp,
        has_passkeys=settings.sign_in.passkeys,
        now=desk.now(),
    )


async def _check_roles(desk: Desk, choices: Choices) -> None:
    async with desk.database.reading() as db:
        there = {name for name, _ in await access.list_roles(db)}
    for role in choices.roles.values():
        if parse_role(role) not in there:
            raise BadInput({"role": f"There is no role {role}: make it first, by coatcheck role create {role}."})


def _check_provider(providers: Providers, name: str) -> None:
    try:
        providers.get(name)
    except NotFound:
        raise BadInput({"provider": f"The settings name no provider {name[:60]}."}) from None


def _issuer_of(provider: AnyProvider) -> str | None:
    if not isinstance(provider, Provider):
        return provider.idp_entity_id
    is_one = "{tenantid}" not in provider.issuer and provider.claims.subject_within is None
    return provider.issuer if is_one else None


def _rp_id_hash(settings: Settings, base_url: str) -> bytes:
    try:
        host = relying_party(settings, base_url).id
    except BadInput:  # reached by an address: no passkey works here
        return b""
    return hashlib.sha256(host.encode()).digest()
