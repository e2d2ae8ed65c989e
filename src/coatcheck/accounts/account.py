"""An account as the rest of the house sees it."""

from typing import Literal, TypeAlias

from msgspec import Struct

from coatcheck.clock import Instant

Status: TypeAlias = Literal["active", "locked", "closed", "secured"]


class Account(Struct, frozen=True, kw_only=True):
    """Hold one account.

    Args:
        epoch: goes up when anything a sign-in rests on changes; whatever is pending carries the one it was made under.
        factors: what it has enrolled beside a password and its mailbox, such as `totp`; it changes with the epoch.
    """

    id: str
    email: str | None
    username: str | None
    status: Status
    epoch: int
    created_at: Instant
    factors: frozenset[str] = frozenset()

    @property
    def is_active(self) -> bool:
        """Whether its sign-ins may open sessions."""
        return self.status == "active"

    @property
    def may_recover(self) -> bool:
        """Whether its mailbox may set a password; of one that is secured by a panic that is the only way in."""
        return self.is_active or self.is_secured

    @property
    def is_secured(self) -> bool:
        """Whether everything of it was ended in a panic, and its mailbox has not been proven since."""
        return self.status == "secured"
