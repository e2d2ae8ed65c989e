"""Write when API keys were last used: gathered for a second, then one statement for all."""

import asyncio

import structlog

from coatcheck.api_keys import records
from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway

_log = structlog.get_logger("coatcheck.api_keys")
_BATCH = 500


class UsedKeys:
    """Gather the keys that were used and write them in the background; a request never waits for it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: set[str] = set()

    def note(self, key: str) -> None:
        """Remember that a key is in use."""
        self._waiting.add(key)

    async def run(self) -> None:
        """Write once a second for ever."""
        while True:
            await asyncio.sleep(1)
            try:
                await self.write()
            except DatabaseAway as away:
                _log.warning("api_keys.use_not_written", because=away.because)

    async def write(self) -> None:
        """Write what has gathered; what cannot be written waits for the next time."""
        while self._waiting:
            batch = [self._waiting.pop() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                async with self._desk.database.writing() as tx:
                    await records.touch(tx, batch, self._desk.now())
            except DatabaseAway:
                self._waiting.update(batch)
                raise

    async def close(self) -> None:
        """Write what is left at shutdown."""
        try:
            await self.write()
        except DatabaseAway as away:
            _log.warning("api_keys.use_not_written", because=away.because)
