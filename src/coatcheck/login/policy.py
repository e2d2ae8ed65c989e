"""The policy: from the proofs given, what a sign-in still needs. The only place that decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from coatcheck.errors import ConfigurationError
from coatcheck.settings import Settings

Factor: TypeAlias = str
Level: TypeAlias = Literal["aal1", "aal2"]


@dataclass(frozen=True)
class Assurance:
    """Say what a factor proves.

    Args:
        kind: what it shows: `knowledge`, `possession`, `mailbox`. Two proofs of one kind count once.
        amr: its name after RFC 8176.
    """

    kind: Literal["knowledge", "possession", "mailbox"]
    amr: str


SITE_FACTORS: tuple[Factor, ...] = ("password",)
"""The factors a sign-in can begin with, before settings switch some of them off."""

ASSURANCES = MappingProxyType({"password": Assurance("knowledge", "pwd")})
"""What each factor proves; a way in that declares nothing here stops start-up."""


@dataclass(frozen=True)
class Enough:
    """Say that a sign-in is proven, how well, and by what."""

    acr: Level
    amr: tuple[str, ...]


@dataclass(frozen=True)
class StillNeeded:
    """Say which factors would bring a sign-in further."""

    options: tuple[Factor, ...]


def decide(proofs: Iterable[Factor], *, site: tuple[Factor, ...], enrolled: frozenset[Factor]) -> Enough | StillNeeded:
    """Decide what a sign-in still needs.

    Args:
        proofs: factors proven so far.
        site: the factors this site begins with, the same for everybody.
        enrolled: further factors the account must prove.

    See: NIST SP 800-63B-4 section 2; RFC 8176.
    """
    proven = tuple(dict.fromkeys(proofs))
    if not proven:
        return StillNeeded(site)
    missing = tuple(sorted(enrolled - set(proven)))
    kinds = {ASSURANCES[factor].kind for factor in proven}
    if missing and len(kinds - {"mailbox"}) < 2:
        return StillNeeded(missing)
    return Enough("aal2" if len(kinds - {"mailbox"}) >= 2 else "aal1", tuple(ASSURANCES[name].amr for name in proven))


def first_factors(settings: Settings) -> tuple[Factor, ...]:
    """Give the factors this site begins a sign-in with; the same for everybody, so nothing can be learnt from them."""
    return tuple(factor for factor in SITE_FACTORS if factor != "password" or settings.passwords.enabled)


def check_ways_in(factors: Iterable[Factor]) -> None:
    """Refuse to start with a way in that does not say what it proves.

    Raises:
        ConfigurationError: a factor without an assurance.
    """
    for factor in factors:
        if factor not in ASSURANCES:
            raise ConfigurationError(f"the way in {factor!r} declares no assurance: add it to login/policy.py")
