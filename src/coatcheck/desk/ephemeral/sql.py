"""Short-lived tickets in the database: the default, and what workers without Valkey use together."""

from coatcheck.clock import Clock
from coatcheck.desk.ephemeral import records
from coatcheck.storage.database import Database


class InSql:
    """Keep tickets in the table `ephemeral`; clean-up removes what has run out.

    Args:
        database: shared with everything else; closing this store leaves it open.
        clock: decides what has run out.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, kind: str, key: str, value: bytes, *, ttl_ms: int, only_if_absent: bool = False) -> bool:
        """Store a value for `ttl_ms` milliseconds; tell whether it was stored.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        now = self._clock.now()
        async with self._database.writing() as tx:
            return await records.put(
                tx, kind, key, value, now=now, expires_at=now + ttl_ms, only_if_absent=only_if_absent
            )

    async def get(self, kind: str, key: str) -> bytes | None:
        """Give a value that has not run out.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        async with self._database.reading() as db:
            return await records.get(db, kind, key, now=self._clock.now())

    async def take(self, kind: str, key: str) -> bytes | None:
        """Give a value and remove it; of many callers at once exactly one gets it.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        async with self._database.writing() as tx:
            return await records.take(tx, kind, key, now=self._clock.now())

    async def count(self, kind: str, key: str, *, ttl_ms: int) -> int:
        """Count one more and give the count; counting starts again `ttl_ms` milliseconds after the first.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        now = self._clock.now()
        async with self._database.writing() as tx:
            # A mark that no kind has, so that a count and a ticket of one name never meet.
            return await records.count(tx, f"{kind}#", key, now=now, expires_at=now + ttl_ms)

    async def close(self) -> None:
        """Leave the database to its owner."""
