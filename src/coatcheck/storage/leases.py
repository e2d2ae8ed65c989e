"""Leases: let one worker at a time do a job, and another take over when it dies."""

from sqlalchemy import or_

from coatcheck.clock import Instant
from coatcheck.storage.database import Writing
from coatcheck.storage.tables.leases import leases
from coatcheck.storage.upsert import insert_into


async def hold(tx: Writing, name: str, holder: str, now: Instant, for_ms: int) -> bool:
    """Take or keep a lease; tell whether this holder has it now.

    Args:
        holder: an id drawn once by this process.
        for_ms: milliseconds after which another may take it.
    """
    mine = {"holder": holder, "until": now + for_ms}
    statement = (
        insert_into(leases, tx.dialect)
        .values(name=name, **mine)
        .on_conflict_do_update(
            index_elements=["name"], set_=mine, where=or_(leases.c.until <= now, leases.c.holder == holder)
        )
    )
    return (await tx.execute(statement.returning(leases.c.name))).first() is not None
