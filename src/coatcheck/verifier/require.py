"""What `require(...)` decides: a demand and a principal in, nothing or the refusal out."""

import re
from datetime import timedelta

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.errors import CoatcheckError, FreshSignInNeeded, NotAllowed
from coatcheck.verifier.principal import Principal

_SCOPE = re.compile(
    r"[!#-\[\]-~]+"
)  # what a token's scope may hold (RFC 6749 section 3.3), so it fits into a challenge
_LEVELS = ("aal1", "aal2", "aal3")
PHR = "phr"
"""Asks for one method that no false site can pass on: a mark of its own beside the levels."""


class Demand(Struct, frozen=True, kw_only=True):
    """Say what a route demands; every part that is given must hold.

    Args:
        role: a role that must be held or inherited, by a credential that may use all that its roles allow.
        permission: a permission that must be held and be within the credential's scopes; each by its name, none by a
            pattern.
        fresh: how long ago the subject may have proved itself at the most.
        acr: the least level of assurance; or `phr`, that one method used cannot be passed on by a false site.

    Raises:
        ValueError: a demand that could never be met, or that demands nothing.
    """

    role: str | None = None
    permission: str | None = None
    fresh: timedelta | None = None
    acr: str | None = None

    def __post_init__(self) -> None:
        if self.permission is not None and (":" not in self.permission or not _SCOPE.fullmatch(self.permission)):
            raise ValueError(f"permission {self.permission!r} must read 'resource:action'")
        if self.permission is not None and "*" in self.permission:
            raise ValueError(f"permission {self.permission!r} must read 'resource:action': no pattern is ever held")
        if self.acr is not None and self.acr not in (*_LEVELS, PHR):
            raise ValueError(f"acr {self.acr!r} must be one of {', '.join((*_LEVELS, PHR))}")
        if self.fresh is not None and self.fresh <= timedelta(0):
            raise ValueError("fresh must be longer than nothing")
        if (self.role, self.permission, self.fresh, self.acr) == (None, None, None, None):
            raise ValueError(
                "require() needs at least one of role, permission, fresh, acr; for any account use CurrentUser"
            )


def refusal(demand: Demand, principal: Principal, now: Instant) -> CoatcheckError | None:
    """Give the reason to refuse a principal, or None when the demand is met.

    Role and permission come first: nobody is asked to prove themselves again for what they may not do anyway.

    See: RFC 9470 (step-up), ASVS 8.2.
    """
    if demand.role is not None and demand.role not in principal.roles:
        return NotAllowed(f"{principal.subject} lacks the role {demand.role}")
    if demand.role is not None and principal.is_narrowed:  # who may use a part of a role has not the role
        return NotAllowed(f"{principal.subject} has the role {demand.role}, and this credential may not use all of it")
    if demand.permission is not None and not principal.may(demand.permission):
        return NotAllowed(f"{principal.subject} lacks the permission {demand.permission}", permission=demand.permission)
    if demand.acr is not None and not _reaches(principal, demand.acr):
        because = f"{principal.acr} by {' '.join(principal.amr)} is below {demand.acr}"
        return FreshSignInNeeded(because, acr=demand.acr, max_age=_seconds(demand.fresh))
    if demand.fresh is not None and not principal.is_fresh(demand.fresh, now):
        because = f"the last proof is older than {demand.fresh}"
        return FreshSignInNeeded(because, acr=demand.acr, max_age=_seconds(demand.fresh))
    return None


def met(demand: Demand, principal: Principal, now: Instant) -> Principal:
    """Give a principal back if it meets a demand.

    Raises:
        NotAllowed: it does not.
        FreshSignInNeeded: it would by a more recent or better proof.
    """
    problem = refusal(demand, principal, now)
    if problem is not None:
        raise problem
    return principal


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())


def _reaches(principal: Principal, acr: str) -> bool:
    return principal.resists_phishing if acr == PHR else _rank(principal.acr) >= _rank(acr)


def _rank(acr: str) -> int:
    return _LEVELS.index(acr) if acr in _LEVELS else -1
