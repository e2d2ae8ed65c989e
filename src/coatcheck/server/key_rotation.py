"""The schedule of the signing keys: the next one is published in time, by one worker."""

import asyncio

import structlog

from coatcheck.admin.rotate_keys import rotate_keys
from coatcheck.desk import Desk
from coatcheck.errors import Conflict, DatabaseAway
from coatcheck.keys.ring import SigningKeys
from coatcheck.storage.leases import hold
from coatcheck.visit import Visit

SCHEDULE = "schedule"
"""Who acted, in the audit trail."""

_LOOK_EVERY_SECONDS = 60.0
_log = structlog.get_logger("coatcheck.keys")


class KeyRotation:
    """Look each minute whether a key is due; the first of a database is, so that whoever verifies finds one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Keep to the schedule for ever."""
        while True:
            try:
                await self.turn()
            except DatabaseAway as away:
                _log.warning("keys.not_rotated", because=away.because)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def turn(self) -> bool:
        """Publish the next key if it is due and this worker has the lease; tell whether one was.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        keys = self._desk.keep(SigningKeys)
        await keys.read()
        if not keys.is_due() or not await self._has_lease():
            return False
        try:
            key = await rotate_keys(self._desk, Visit(), actor=SCHEDULE)
        except Conflict:
            return False  # the lease only spares work: another worker, or an operator, was faster
        _log.info("keys.rotated", kid=key.kid, algorithm=key.algorithm)
        return True

    async def _has_lease(self) -> bool:
        desk = self._desk
        async with desk.database.writing() as tx:
            return await hold(tx, "keys.rotation", desk.worker, desk.now(), int(_LOOK_EVERY_SECONDS * 2000))
