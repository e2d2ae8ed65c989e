"""What a look-up among leaked passwords can come to, and who looks up; `breached` is the one that asks a service."""

from enum import Enum
from typing import Protocol


class Lookup(Enum):
    """Say what came of a look-up."""

    LEAKED = "leaked"
    NOT_LEAKED = "not_leaked"
    NOT_CHECKED = "not_checked"


class LeakedPasswords(Protocol):
    """Look passwords up among leaked ones."""

    async def look_up(self, password: str) -> Lookup:
        """Say whether a password is a leaked one."""
        ...
