"""Write when things were last used: gathered for a second, then one statement for all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.storage.database import Writing

Touch: TypeAlias = Callable[[Writing, Iterable[str], Instant], Awaitable[None]]
"""Writes that things of these ids were used at a moment."""

_BATCH = 500


class LastUses:
    """Gather what was used and write it in the background; a request never waits for it.

    Args:
        touch: writes a batch.
        log: the room's own.
        event: what a line says when it could not be written.
    """

    def __init__(self, desk: Desk, touch: Touch, log: Any, event: str) -> None:
        self._desk = desk
        self._touch = touch
        self._log = log
        self._event = event
        self._waiting: set[str] = set()

    def note(self, used: str) -> None:
        """Remember that something is in use, by its id."""
        self._waiting.add(used)

    async def run(self) -> None:
        """Write once a second for ever."""
        while True:
            await asyncio.sleep(1)
            await self.close()

    async def write(self) -> None:
        """Write what has gathered; what cannot be written waits for the next time.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        while self._waiting:
            batch = [self._waiting.pop() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                async with self._desk.database.writing() as tx:
                    await self._touch(tx, batch, self._desk.now())
            except DatabaseAway:
                self._waiting.update(batch)
                raise

    async def close(self) -> None:
        """Write what is left, or say in the log that it could not be written."""
        try:
            await self.write()
        except DatabaseAway as away:
            self._log.warning(self._event, because=away.because)
