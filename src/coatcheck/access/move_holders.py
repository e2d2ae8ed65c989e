"""Make what a role's holders present go stale, once the role allows something else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from coatcheck.access import records
from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.revocation import indices
from coatcheck.storage.database import Writing

BATCH = 100
"""Accounts a transaction."""

PAUSE_SECONDS = 0.1
"""Between two transactions: a thousand accounts a second at the most, so that sign-ins go on meanwhile."""

Work: TypeAlias = Callable[[Writing, str], Awaitable[None]]
"""Does something with one account, whose row is held."""


async def move_holders(desk: Desk, role: str, first: Work | None = None) -> None:
    """Move everybody who has a role, held or inherited, in batches; call it after the commit of what changed.

    Who is given the role meanwhile is moved by that. Moving somebody twice does no harm, so after a crash the change is
    made again, which finds it made and moves everybody.

    Args:
        first: what is done with each account before.

    Raises:
        DatabaseAway: the database cannot be reached.

    See: ASVS 8.3.2.
    """
    last = ""
    while True:
        async with desk.database.reading() as db:
            batch = await records.holders(db, role, last, BATCH)
        if batch:
            await _move(desk, batch, first)
        if len(batch) < BATCH:
            return
        last = batch[-1]
        await asyncio.sleep(PAUSE_SECONDS)


async def _move(desk: Desk, batch: list[str], first: Work | None) -> None:
    async with desk.database.writing() as tx:
        # All of them before the first index: who holds an account waits for the open list, never the other way round.
        await accounts.lock_all(tx, batch)
        for account in batch:
            if first is not None:
                await first(tx, account)
            await indices.move(tx, desk, account=account)
