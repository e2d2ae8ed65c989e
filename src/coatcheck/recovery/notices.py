"""Tell owners of recoveries that wait, in the middle and when they are due; run beside the requests by one worker."""

import asyncio
from typing import Final

import structlog
from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.recovery import records
from coatcheck.recovery.begin_wait import GOOD_FOR, halfway, mail_notice
from coatcheck.recovery.records import BEGUN, Wait
from coatcheck.secret import new_secret
from coatcheck.storage.database import Writing
from coatcheck.storage.leases import hold
from coatcheck.visit import Visit

_LOOK_EVERY_SECONDS: Final = 60.0
_BATCH: Final = 50
_log = structlog.get_logger("coatcheck.recovery")


class FactorNotices:
    """Look each minute which recoveries of second factors are to be told of, and tell each once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            try:
                told = await self.turn()
            except DatabaseAway as away:
                _log.warning("recovery.not_told", because=away.because)
                told = 0
            await asyncio.sleep(0.05 if told >= _BATCH else _LOOK_EVERY_SECONDS)

    async def turn(self) -> int:
        """Tell a batch of owners if this worker has the lease; give how many there were.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        desk = self._desk
        async with desk.database.reading() as db:
            waiting = await records.list_to_tell(db, desk.now(), _BATCH)
        if not waiting or not await self._has_lease():
            return 0
        for account in waiting:
            await tell_owner(desk, account)
        return len(waiting)

    async def _has_lease(self) -> bool:
        desk = self._desk
        async with desk.database.writing() as tx:
            return await hold(tx, "recovery.notices", desk.worker, desk.now(), int(_LOOK_EVERY_SECONDS * 2000))


async def tell_owner(desk: Desk, account_id: str) -> None:
    """Tell an account's owner once that a recovery of its second factors waits, or that it is due.

    The second half of a wait begins with the notice in its middle: where that was late, so is the end.
    """
    now = desk.now()
    async with desk.database.writing() as tx:
        account = await accounts.lock(tx, account_id)
        wait = await records.find_wait(tx, account_id)
        if account is None or wait is None:
            return
        if wait.notices == BEGUN:
            await _tell_halfway(tx, desk, account, wait, now)
        else:
            await _tell_due(tx, desk, account, wait, now)


async def _tell_halfway(tx: Writing, desk: Desk, account: Account, wait: Wait, now: Instant) -> None:
    due_at = max(wait.due_at, now + wait.due_at - halfway(wait))
    told = replace(wait, notices=wait.notices + 1, due_at=due_at, expires_at=due_at + millis(GOOD_FOR))
    if await records.tell(tx, told, due_at, now):
        await mail_notice(tx, desk, account, told, "recovery/factors_wait.txt")
        await _record(tx, desk, told)


async def _tell_due(tx: Writing, desk: Desk, account: Account, wait: Wait, now: Instant) -> None:
    told = replace(wait, notices=wait.notices + 1, expires_at=now + millis(GOOD_FOR))
    if await records.tell(tx, told, None, now):
        link = new_secret()
        await records.insert_step(tx, link.hashed(), "finish", account.id, account.epoch, told.expires_at)
        url = f"{wait.base_url}/recover/factors/finish?token={link.reveal()}"
        await mail_notice(tx, desk, account, told, "recovery/factors_due.txt", link=url)
        await _record(tx, desk, told)


async def _record(tx: Writing, desk: Desk, told: Wait) -> None:
    visit, details = Visit(base_url=told.base_url), {"notices": told.notices}
    await record(tx, desk, visit, "recovery.factors_notice", account=told.account, actor="schedule", details=details)
