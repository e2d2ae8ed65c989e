"""Leases: let one worker at a time do a job, and another take over when it dies."""

from typing import Any

from sqlalchemy import bindparam, or_

from coatcheck.clock import Instant
from coatcheck.storage.database import Writing
from coatcheck.storage.prepared import InsertInto, Prepared, given
from coatcheck.storage.tables.leases import leases
from coatcheck.storage.tables.metadata import Moment


async def hold(tx: Writing, name: str, holder: str, now: Instant, for_ms: int) -> bool:
    """Take or keep a lease; tell whether this holder has it now.

    Args:
        holder: an id drawn once by this process.
        for_ms: milliseconds after which another may take it.
    """
    parameters = {"name": name, "holder": holder, "until": now + for_ms, "now": now}
    return bool(await tx.run(_HOLD, parameters))


def _hold(insert: InsertInto) -> Any:
    row = insert(leases).values(given("name", "holder", "until"))
    mine = {"holder": row.excluded.holder, "until": row.excluded.until}
    is_free = or_(leases.c.until <= bindparam("now", type_=Moment), leases.c.holder == row.excluded.holder)
    return row.on_conflict_do_update(index_elements=["name"], set_=mine, where=is_free).returning(leases.c.name)


_HOLD = Prepared(_hold)
