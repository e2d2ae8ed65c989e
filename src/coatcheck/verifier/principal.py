"""The principal: what checking any credential yields, and what may be demanded of it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from msgspec import Struct

from coatcheck.clock import Instant

PHISHING_RESISTANT: Final = frozenset({"hwk", "swk"})
"""The methods of RFC 8176 that no false site can pass on: a signature by a key that knows the site."""

_HIDDEN = frozenset({"email", "username"})


# A Struct, as every first check of a token makes one: a frozen dataclass of this size takes nine times as long.
class Principal(Struct, frozen=True, kw_only=True, gc=False):
    """Say who a checked credential speaks for and what it may do.

    Args:
        subject: `acc_…` for a person, `svc_…` for a service.
        session: `ses_…`, or None for an API key or a service's token.
        roles: names of the roles held, and of those they inherit.
        permissions: `resource:action`, what the roles allow.
        scopes: the part of the permissions this credential may use; None means all of them.
        acr: how well the subject was authenticated (`aal1`, `aal2`, …).
        amr: the methods used, after RFC 8176.
        auth_time: when the subject last proved itself; None for a credential that never does (never fresh).
        expires_at: when the session ends if it is not used again.
        ends_at: when it ends at the latest.
        cnf: thumbprint of the key the credential is bound to (`cnf.jkt`, RFC 9449), or None.
        email: the account's address, where the credential carries it.
        username: the account's name, where the credential carries it.
        api_key: `key_…`, the API key that was presented, or None.
    """

    subject: str
    session: str | None = None
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    acr: str = "aal1"
    amr: tuple[str, ...] = ()
    auth_time: Instant | None = None
    expires_at: Instant = 0
    ends_at: Instant = 0
    cnf: str | None = None
    email: str | None = None
    username: str | None = None
    api_key: str | None = None

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in _HIDDEN)
        return f"Principal({', '.join(shown)})"

    def may(self, permission: str) -> bool:
        """Tell whether a permission is held and within the credential's scopes."""
        return permission in self.permissions and (self.scopes is None or permission in self.scopes)

    @property
    def is_narrowed(self) -> bool:
        """Whether this credential may use only a part of what its subject may."""
        return self.scopes is not None and not self.permissions <= self.scopes

    def is_fresh(self, within: timedelta, now: Instant) -> bool:
        """Tell whether the subject proved itself within a duration before `now`."""
        return self.auth_time is not None and now - self.auth_time <= within // timedelta(milliseconds=1)

    @property
    def resists_phishing(self) -> bool:
        """Whether one of the methods used cannot be passed on by a false site."""
        return resists_phishing(self.amr)


def resists_phishing(amr: Iterable[str]) -> bool:
    """Tell whether one of the methods cannot be passed on by a false site."""
    return not PHISHING_RESISTANT.isdisjoint(amr)
