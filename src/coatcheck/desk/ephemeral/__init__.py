"""The ephemeral store: short-lived tickets, in memory, SQL or Valkey/Redis.

It holds only what lets nobody in by being absent: a ticket that is there is good, `take` spends it. Whatever grants by
being absent (a block, a used code, a replay mark) belongs in the database.
"""

from typing import Protocol


class Ephemeral(Protocol):
    """Keep small values for a short time; every call is atomic, across workers where the backing is shared."""

    async def put(self, kind: str, key: str, value: bytes, *, ttl_ms: int, only_if_absent: bool = False) -> bool:
        """Store a value for `ttl_ms` milliseconds; tell whether it was stored: not when `only_if_absent` and there.

        Raises:
            Busy: the store cannot be reached.
        """
        ...

    async def get(self, kind: str, key: str) -> bytes | None:
        """Give a value that has not expired."""
        ...

    async def take(self, kind: str, key: str) -> bytes | None:
        """Give a value and remove it; of many callers at once exactly one gets it."""
        ...

    async def count(self, kind: str, key: str, *, ttl_ms: int) -> int:
        """Count one more and give the count; counting starts again `ttl_ms` milliseconds after the first."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
