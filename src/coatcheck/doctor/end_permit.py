"""End a permit: its account goes, with its sessions, tokens and all else that hangs on it."""

import asyncio
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.audit.erase import erase
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.desk.outbox import drop_mails_to
from coatcheck.doctor import records
from coatcheck.ending.cut_everything import cut_everything
from coatcheck.ending.receipts import records as receipts
from coatcheck.errors import DatabaseAway, NotFound
from coatcheck.limits.lift import lift
from coatcheck.secret import hash_secret
from coatcheck.visit import Visit

CLOCK: Final = "clock"
"""Who ends a permit that has run out, in the audit trail."""

_LOOK_EVERY_SECONDS = 60.0


async def end_permit(desk: Desk, visit: Visit, *, secret: str) -> None:
    """End the permit whose secret this is, before it runs out: the doctor has done its work.

    Raises:
        NotFound: there is no such permit, or it has run out.
    """
    async with desk.database.reading() as db:
        found = await records.find_permit(db, hash_secret(secret), desk.now())
    if found is None or not await _end(desk, visit, account=found[0], actor=found[0]):
        raise NotFound("no such permit, or it has run out")


async def end_those_run_out(desk: Desk) -> int:
    """End every permit that has run out; tell how many.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.reading() as db:
        over = await records.run_out(db, desk.now())
    return sum([await _end(desk, Visit(), account=account, actor=CLOCK) for account in over])


async def _end(desk: Desk, visit: Visit, *, account: str, actor: str) -> bool:
    """End the permit of an account; tell False where another has done so.

    The account's row is held and its epoch raised, as by whoever closes an account: a sign-in that comes first has its
    session ended here, one that comes later finds no account. What other processes remember goes with it too: whoever
    had the permit may have made an API key, or given a provider's tokens.
    """
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account)
        if held is None or not await records.take_permit(tx, account):
            return False
        await accounts.raise_epoch(tx, account)
        cut = await cut_everything(tx, desk, account=account)
        await receipts.forget_all(tx, account)
        await accounts.remove(tx, account)
        await drop_mails_to(tx, desk, held.email or "")
        await lift(tx, desk, account)
        details: dict[str, Detail] = {"sessions": cut.counts["sessions"] or 0}
        if revoked := cut.counts["api_keys"]:
            details["api_keys"] = revoked
        await record(tx, desk, visit, "coatcheck.permit_ended", account=account, actor=actor, details=details)
        await erase(tx, account)
    return True


class PermitEnds:
    """End each permit when it runs out. One a process; it hears of new ones in time, as they last for minutes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Wait for the next end, and look for new permits once a minute, for ever."""
        while True:
            try:
                await end_those_run_out(self._desk)
                wait = await self._until_next()
            except DatabaseAway:
                wait = 1.0
            await asyncio.sleep(wait)

    async def _until_next(self) -> float:
        async with self._desk.database.reading() as db:
            end = await records.next_end(db)
        if end is None:
            return _LOOK_EVERY_SECONDS
        return min(max((end - self._desk.now()) / 1000, 0.0) + 0.01, _LOOK_EVERY_SECONDS)
