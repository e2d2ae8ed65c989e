"""Say that this process is there, so that others know whom to wait for when something must be heard everywhere."""

import asyncio
from typing import Final

import structlog

from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.storage.workers import put_worker, remove_worker

_EVERY_S: Final = 20.0
_GONE_AFTER_MS: Final = 60_000
_log = structlog.get_logger("coatcheck.background")


class Presence:
    """Write every 20 seconds that this process serves; one that did not for a minute counts as gone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Say so for ever."""
        while True:
            try:
                await self.say()
            except DatabaseAway as away:
                _log.warning("background.not_said_to_be_there", because=away.because)
            await asyncio.sleep(_EVERY_S)

    async def say(self) -> None:
        """Say once that this process is there.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        now = self._desk.now()
        async with self._desk.database.writing() as tx:
            await put_worker(tx, self._desk.worker, now, gone_at=now + _GONE_AFTER_MS)

    async def leave(self) -> None:
        """Say that it has stopped; where that cannot be said, the others find out."""
        try:
            async with self._desk.database.writing() as tx:
                await remove_worker(tx, self._desk.worker)
        except DatabaseAway as away:
            _log.warning("background.not_said_to_be_gone", because=away.because)
