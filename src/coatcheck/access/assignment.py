"""A role that an account was given."""

from msgspec import Struct

from coatcheck.clock import Instant


class Assignment(Struct, frozen=True):
    """Say that an account holds a role.

    Args:
        granted_by: who gave it, as the audit trail names them; None where that was not written yet.
        expires_at: from when it counts no more; None: never.
    """

    account: str
    role: str
    granted_at: Instant
    granted_by: str | None = None
    expires_at: Instant | None = None

    def counts_at(self, now: Instant) -> bool:
        """Tell whether it has not run out."""
        return self.expires_at is None or self.expires_at > now
