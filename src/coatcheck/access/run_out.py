"""Take away roles that were given for a time, once it has passed; the clean-up does it beside the requests.

Nothing rests on it: a role that has run out counts for nobody, no token names it and no memory holds it longer.
"""

from typing import Final

from coatcheck.access import records
from coatcheck.access.assignment import Assignment
from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

BATCH: Final = 100
"""Accounts a turn."""


async def take_run_out(desk: Desk) -> int:
    """Take away what has run out, of a batch of accounts, each with its line in the audit trail; tell how many.

    One that is prolonged meanwhile stays: it is asked again once the account is held.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    now = desk.now()
    async with desk.database.reading() as db:
        batch = await records.with_roles_over(db, now, BATCH)
    if not batch:
        return 0
    async with desk.database.writing() as tx:
        await accounts.lock_all(tx, batch)
        for gone in await records.unassign_over(tx, batch, now):
            await _record(tx, desk, gone)
    return len(batch)


async def _record(tx: Writing, desk: Desk, gone: Assignment) -> None:
    details = {"role": gone.role, "until": rfc3339(gone.expires_at or 0), "granted_by": gone.granted_by or ""}
    await record(tx, desk, Visit(), "role.ran_out", account=gone.account, actor="schedule", details=details)
