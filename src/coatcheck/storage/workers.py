"""Workers: which processes serve this database, by what each says of itself."""

from sqlalchemy import delete, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import replacing
from coatcheck.storage.tables.leases import workers

_PUT = replacing(workers, "seen_at", "gone_at", key="worker")


async def put_worker(tx: Writing, worker: str, now: Instant, *, gone_at: Instant) -> None:
    """Keep that a process is there, until it says so again, or counts as gone."""
    await tx.run(_PUT, {"worker": worker, "seen_at": now, "gone_at": gone_at})


async def remove_worker(tx: Writing, worker: str) -> None:
    """Keep no more that a process is there: it has stopped."""
    await tx.execute(delete(workers).where(workers.c.worker == worker))


async def live_workers(db: Reading, now: Instant) -> list[str]:
    """List the processes that are there."""
    query = select(workers.c.worker).where(workers.c.gone_at > now).order_by(workers.c.worker)
    return [row[0] for row in await db.execute(query)]
