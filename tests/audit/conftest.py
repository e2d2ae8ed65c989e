"""Fixtures of the audit room's tests: a desk on a SQLite file."""

from collections.abc import AsyncIterator

import pytest

from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import open_desk


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def desk(sqlite_ready: str, clock: ManualClock) -> AsyncIterator[Desk]:
    async with open_desk(sqlite_ready, clock) as desk:
        yield desk
