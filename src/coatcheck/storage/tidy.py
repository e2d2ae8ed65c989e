"""Clean-up: remove what has expired, a bounded batch at a time, so that nobody waits for it."""

from sqlalchemy import Table, delete, select, tuple_

from coatcheck.clock import Instant
from coatcheck.storage.database import Database
from coatcheck.storage.tables import metadata

BATCH = 500


async def tidy(database: Database, now: Instant, *, batch: int = BATCH) -> dict[str, int]:
    """Remove one batch of expired rows from each table that has an expiry.

    Returns:
        How many rows went, by table, where any did; call again while a number equals `batch`.
    """
    gone: dict[str, int] = {}
    for table in metadata.sorted_tables:
        if "expires" in table.info:
            count = await _tidy_table(database, table, now, batch)
            if count:
                gone[table.name] = count
    return gone


async def _tidy_table(database: Database, table: Table, now: Instant, batch: int) -> int:
    keyed = tuple_(*table.primary_key.columns)
    # A minute's grace: rows are judged by their own expiry; nothing may depend on their being gone.
    over = table.c[table.info["expires"]] < now - 60_000
    old = select(*table.primary_key.columns).where(over).limit(batch)
    async with database.reading() as db:
        keys = [tuple(row) for row in await db.execute(old)]
    if not keys:
        return 0
    async with database.writing() as tx:
        # The expiry is asked again: a row may have been prolonged since it was listed. What somebody holds is left for
        # the next time: whoever waits for a row while holding others may do so in a ring.
        free = select(*table.primary_key.columns).where(keyed.in_(keys), over).with_for_update(skip_locked=True)
        return int((await tx.execute(delete(table).where(keyed.in_(free)))).rowcount)
