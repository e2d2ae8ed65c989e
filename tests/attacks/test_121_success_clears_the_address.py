"""Attack 121: django-allauth before 65.8.1: one own successful sign-in clears the address's failure counter.

The attacker tries a few passwords on victims' accounts, signs in to an account of their own from the same address, and
tries more: the address is never stopped. Here success clears the pair of address and account alone.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.desk import Desk
from coatcheck.limits.tries import spend, succeeded
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import BOB, CAFE, HOME, judged, make_tables, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = await make_tables(f"sqlite:///{tmp_path / 'limits.db'}")
    async with open_desk(url, ManualClock(), address_per_hour=12) as desk:
        yield desk


async def signs_in(desk: Desk) -> None:
    """Sign in to the attacker's own account, from the address of the attack."""
    spent = await spend(desk, HOME, subject=BOB)
    async with desk.database.writing() as tx:
        succeeded(tx, spent)


async def test_the_address_is_stopped_in_spite_of_own_sign_ins(desk: Desk) -> None:
    guesses = 0
    for victim in range(6):
        guesses += await judged(desk, HOME, f"victim{victim}", times=3)
        if guesses < 12:
            await signs_in(desk)
    assert guesses == 12


async def test_the_pair_with_a_victim_stays_blocked(desk: Desk) -> None:
    assert await judged(desk, HOME, times=9) == 5
    await signs_in(desk)
    assert await judged(desk, HOME) == 0


async def test_the_victims_day_stays_counted(tmp_path: Path) -> None:
    url = await make_tables(f"sqlite:///{tmp_path / 'day.db'}")
    async with open_desk(url, ManualClock(), account_per_day=4) as desk:
        assert await judged(desk, HOME, times=4) == 4
        await signs_in(desk)
        assert await judged(desk, CAFE) == 0
