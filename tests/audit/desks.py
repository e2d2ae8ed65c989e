"""Desks for the audit room's tests, and the hand that changes the database behind the sealer's back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from coatcheck.audit.record import record
from coatcheck.audit.seal import Sealer
from coatcheck.desk import Desk
from coatcheck.desk.ephemeral.memory import InMemory
from coatcheck.secret import KeyRing
from coatcheck.settings import AuditSettings, Settings
from coatcheck.storage.database import Database
from coatcheck.storage.engine import parse_database_url
from coatcheck.storage.tables import metadata
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit

ANN = "acc_ann"
BOB = "acc_bob"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOME = Visit(address="192.0.2.1", user_agent=FIREFOX, request_id="req-1")
RING = KeyRing((b"k" * 32,))


@asynccontextmanager
async def open_desk(url: str, clock: ManualClock, *, ring: KeyRing = RING, **audit: Any) -> AsyncIterator[Desk]:
    """Open a desk on a database that has its tables; two on one database stand for two workers."""
    settings = Settings(audit=AuditSettings(**audit))
    desk = Desk(settings=settings, database=Database(url), ephemeral=InMemory(clock), key_ring=ring, clock=clock)
    try:
        yield desk
    finally:
        await desk.close()


async def make_tables(url: str) -> str:
    """Create every table; give the URL back."""
    engine = create_async_engine(parse_database_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    return url


async def happen(desk: Desk, times: int = 1, *, account: str = ANN, visit: Visit = HOME, **more: Any) -> None:
    """Let an account sign in so many times."""
    for _ in range(times):
        async with desk.database.writing() as tx:
            await record(tx, desk, visit, "sign_in.done", account=account, **more)


async def happen_and_seal(desk: Desk, times: int) -> None:
    """Let Ann sign in so many times, and seal all of it."""
    await happen(desk, times)
    while await Sealer(desk).seal_once():
        pass


async def tamper(desk: Desk, *statements: str, **values: Any) -> None:
    """Run SQL that no code of ours would."""
    async with desk.database.writing() as tx:
        for statement in statements:
            await tx.execute(text(statement), values if ":" in statement else None)


async def look(desk: Desk, query: str) -> list[Any]:
    """Give the rows of a query."""
    async with desk.database.reading() as db:
        return list(await db.execute(text(query)))
