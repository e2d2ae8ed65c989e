"""Fixtures of the limits room's tests: one desk on a SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import make_tables, open_desk


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return await make_tables(f"sqlite:///{tmp_path / 'limits.db'}")


@pytest.fixture
async def desk(url: str, clock: ManualClock) -> AsyncIterator[Desk]:
    async with open_desk(url, clock) as desk:
        yield desk
