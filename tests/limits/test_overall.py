"""The overall rate: strangers wait, known devices do not, and one address cannot use it up."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from coatcheck.desk import Desk
from coatcheck.errors import TooManyAttempts
from coatcheck.limits.known_devices import remember
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.limits.desks import ANN, CAFE, HOME, attempt, from_address, judged, open_desk


@pytest.fixture
async def desk(url: str, clock: ManualClock) -> AsyncIterator[Desk]:
    async with open_desk(url, clock, overall_per_second=10) as desk:
        yield desk


async def flood(desk: Desk) -> int:
    return sum([await judged(desk, from_address(f"203.0.113.{number}"), f"name{number}") for number in range(30)])


async def test_strangers_wait_a_second_above_the_rate(desk: Desk, clock: ManualClock) -> None:
    assert await flood(desk) == 10
    refusal = await attempt(desk, CAFE)
    assert isinstance(refusal, TooManyAttempts)
    assert refusal.retry_after == 1
    clock.advance(timedelta(seconds=1))
    assert await flood(desk) == 10


async def test_who_waits_has_spent_nothing(desk: Desk, clock: ManualClock) -> None:
    await flood(desk)
    assert await judged(desk, HOME, times=20) == 0
    clock.advance(timedelta(seconds=1))
    assert await judged(desk, HOME, times=9) == 5


async def test_a_known_device_does_not_wait(desk: Desk) -> None:
    async with desk.database.writing() as tx:
        secret = await remember(tx, desk, HOME, ANN)
    await flood(desk)
    assert await judged(desk, Visit(address=HOME.address, known=secret.reveal()), times=9) == 5


async def test_tries_refused_by_another_limit_do_not_use_up_the_rate(desk: Desk) -> None:
    assert await judged(desk, HOME, times=40) == 5
    assert await judged(desk, CAFE, times=9) == 5
