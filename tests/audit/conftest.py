"""Fixtures of the audit room's tests: a desk on a SQLite file, and an address on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import make_tables, open_desk


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sqlite_ready(tmp_path: Path) -> str:
    """Give the address of a SQLite file that has its tables."""
    return await make_tables(f"sqlite:///{tmp_path / 'audit.db'}")


@pytest.fixture
async def postgres_ready(postgres_url: str) -> str:
    """Give the address of a PostgreSQL database that has its tables."""
    return await make_tables(postgres_url)


@pytest.fixture
async def desk(sqlite_ready: str, clock: ManualClock) -> AsyncIterator[Desk]:
    async with open_desk(sqlite_ready, clock) as desk:
        yield desk
