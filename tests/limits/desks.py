"""A desk with nothing but a database and a clock that a test moves, for tests of the limits room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from coatcheck.desk import Desk
from coatcheck.desk.ephemeral.memory import InMemory
from coatcheck.errors import TooManyAttempts
from coatcheck.limits.tries import Spent, spend
from coatcheck.secret import KeyRing
from coatcheck.settings import LimitSettings, Settings
from coatcheck.storage.database import Database
from coatcheck.storage.engine import parse_database_url
from coatcheck.storage.tables import metadata
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.limits import known_devices, limit_lanes, limit_totals
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit

ANN = "acc_ann"
BOB = "acc_bob"
HOME = Visit(address="192.0.2.1")
CAFE = Visit(address="198.51.100.7")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

NO_RATE = 1_000_000
TABLES = [accounts, known_devices, limit_lanes, limit_totals]


@asynccontextmanager
async def open_desk(url: str, clock: ManualClock, **limits: Any) -> AsyncIterator[Desk]:
    """Open a desk on a database that `make_tables` prepared; two on one database stand for two workers."""
    settings = Settings(limits=LimitSettings(**{"overall_per_second": NO_RATE, **limits}))
    key_ring = KeyRing((b"k" * 32,))
    desk = Desk(settings=settings, database=Database(url), ephemeral=InMemory(clock), key_ring=key_ring, clock=clock)
    try:
        yield desk
    finally:
        await desk.close()


async def make_tables(url: str) -> str:
    """Create the tables that limits need, and the accounts of Ann and Bob; give the URL back."""
    engine = create_async_engine(parse_database_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all, tables=TABLES)
        rows = [{"id": account, "status": "active", "epoch": 0, "created_at": 0} for account in (ANN, BOB)]
        await connection.execute(accounts.insert(), rows)
    await engine.dispose()
    return url


async def judged(desk: Desk, visit: Visit, subject: str = ANN, *, times: int = 1) -> int:
    """Try so many times, one after the other, and wrongly; tell how many of them were judged."""
    return sum([isinstance(await attempt(desk, visit, subject), Spent) for _ in range(times)])


async def attempt(desk: Desk, visit: Visit, subject: str = ANN) -> Spent | TooManyAttempts:
    """Try once; give the refusal instead of raising it."""
    try:
        return await spend(desk, visit, subject=subject)
    except TooManyAttempts as refusal:
        return refusal


def from_address(address: str) -> Visit:
    """Visit from an address."""
    return Visit(address=address)
