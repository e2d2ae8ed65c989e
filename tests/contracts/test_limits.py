"""Limits on every database, with two workers at once: no more are judged than may be, and none wait in a ring."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import select

from coatcheck.desk import Desk
from coatcheck.errors import TooManyAttempts
from coatcheck.limits.counters import overall_total
from coatcheck.limits.known_devices import forget_all, is_known, remember
from coatcheck.limits.lift import lift
from coatcheck.limits.tries import Spent, give_back, spend_address, succeeded
from coatcheck.storage.tables.limits import limit_lanes, limit_totals
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.limits.desks import ANN, BOB, CAFE, HOME, HOUR, MINUTE, attempt, from_address, judged, make_tables, open_desk

Workers = tuple[Desk, Desk]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return await make_tables(f"sqlite:///{tmp_path / 'limits.db'}")
    return await make_tables(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def workers(url: str, clock: ManualClock) -> AsyncIterator[Workers]:
    async with open_desk(url, clock) as one, open_desk(url, clock) as other:
        yield one, other


async def all_at_once(workers: Workers, visits: list[tuple[Visit, str]]) -> list[Spent | TooManyAttempts]:
    desks: Iterator[Desk] = cycle(workers)
    return await asyncio.gather(*(attempt(next(desks), visit, subject) for visit, subject in visits))


def passed(outcomes: list[Spent | TooManyAttempts]) -> list[Spent]:
    return [outcome for outcome in outcomes if isinstance(outcome, Spent)]


async def succeed(desk: Desk, spent: Spent) -> None:
    async with desk.database.writing() as tx:
        succeeded(tx, spent)


async def what_is_left(desk: Desk) -> list[int]:
    """List what is still counted, but for this second's rate: success gives nothing of it back."""
    overall = overall_total(desk, desk.now()).key
    async with desk.database.reading() as db:
        recent = [len(text) for (text,) in await db.execute(select(limit_lanes.c.recent))]
        return recent + list(
            (await db.execute(select(limit_totals.c.spent).where(limit_totals.c.key != overall))).scalars()
        )


async def test_the_whole_life_of_a_pair(workers: Workers, clock: ManualClock) -> None:
    one, other = workers
    assert await judged(one, HOME, times=3) + await judged(other, HOME, times=9) == 5
    clock.advance(59 * MINUTE)
    assert await judged(one, HOME) == 0
    clock.advance(1 * MINUTE)
    spent = await attempt(other, HOME)
    assert isinstance(spent, Spent)
    await succeed(one, spent)
    assert await judged(one, HOME, times=3) + await judged(other, HOME, times=9) == 5


async def test_a_block_is_lifted_by_the_try_that_set_it(workers: Workers) -> None:
    one, other = workers
    await judged(one, HOME, times=4)
    fifth = await attempt(one, HOME)
    assert isinstance(fifth, Spent)
    assert await judged(other, HOME) == 0
    await give_back(other, fifth)
    assert await judged(other, HOME, times=9) == 1


async def test_of_50_guesses_at_once_five_are_judged(workers: Workers) -> None:
    assert len(passed(await all_at_once(workers, [(HOME, ANN)] * 50))) == 5


async def test_of_50_guesses_from_50_addresses_as_many_as_the_day_allows(url: str, clock: ManualClock) -> None:
    visits = [(from_address(f"203.0.113.{number}"), ANN) for number in range(50)]
    async with open_desk(url, clock, account_per_day=7) as one, open_desk(url, clock, account_per_day=7) as other:
        assert len(passed(await all_at_once((one, other), visits))) == 7


async def test_of_50_names_at_once_as_many_as_the_address_allows(url: str, clock: ManualClock) -> None:
    visits = [(HOME, f"name{number}") for number in range(50)]
    async with open_desk(url, clock, address_per_hour=7) as one, open_desk(url, clock, address_per_hour=7) as other:
        assert len(passed(await all_at_once((one, other), visits))) == 7


async def test_of_50_tries_of_a_known_device_at_once_five_are_judged(workers: Workers) -> None:
    async with workers[0].database.writing() as tx:
        known = Visit(known=(await remember(tx, workers[0], HOME, ANN)).reveal())
    assert len(passed(await all_at_once(workers, [(known, ANN)] * 50))) == 5


async def test_counters_shared_crosswise_never_lock_each_other_out(workers: Workers) -> None:
    async def and_end(desk: Desk, number: int) -> None:
        outcome = await attempt(desk, from_address(f"203.0.113.{number % 3}"), f"name{number % 4}")
        assert isinstance(outcome, Spent)
        await (succeed if number % 2 else give_back)(desk, outcome)

    for _ in range(3):
        await asyncio.gather(*(and_end(desk, number) for number, desk in zip(range(36), cycle(workers), strict=False)))
    assert set(await what_is_left(workers[0])) == {0}


async def test_giving_back_races_with_spending(workers: Workers) -> None:
    async def and_back(desk: Desk) -> None:
        outcome = await attempt(desk, HOME)
        if isinstance(outcome, Spent):
            await give_back(desk, outcome)

    desks = cycle(workers)
    await asyncio.gather(*(and_back(next(desks)) for _ in range(40)))
    assert await judged(workers[0], HOME, times=9) == 5
    assert sorted(await what_is_left(workers[0]))[:2] == [5, 5]


async def test_lifting_races_with_spending(workers: Workers) -> None:
    async def lifted(desk: Desk) -> None:
        async with desk.database.writing() as tx:
            await lift(tx, desk, ANN)

    visits = [(from_address(f"203.0.113.{number % 5}"), ANN) for number in range(20)]
    await asyncio.gather(all_at_once(workers, visits), *(lifted(desk) for desk in workers * 5))
    await lifted(workers[0])
    assert await judged(workers[1], HOME, times=9) == 5


async def test_an_address_asks_so_often_an_hour(workers: Workers, clock: ManualClock) -> None:
    async def ask(desk: Desk) -> bool:
        try:
            await spend_address(desk, HOME, what="sign-up", per_hour=3)
        except TooManyAttempts:
            return False
        return True

    assert sum(await asyncio.gather(*(ask(desk) for desk in workers * 10))) == 3
    clock.advance(HOUR)
    assert await ask(workers[0])


async def test_known_devices_are_known_to_every_worker(workers: Workers) -> None:
    one, other = workers
    async with one.database.writing() as tx:
        secret = await remember(tx, one, HOME, ANN)
    visit = Visit(known=secret.reveal())
    assert await is_known(other, visit, ANN)
    assert not await is_known(other, visit, BOB)
    async with other.database.writing() as tx:
        assert await remember(tx, other, visit, ANN) == secret
        await forget_all(tx, ANN)
    assert not await is_known(one, visit, ANN)


async def test_lifting_clears_an_account(workers: Workers) -> None:
    one, other = workers
    assert await judged(one, HOME, times=9) + await judged(one, CAFE, times=9) == 10
    async with other.database.writing() as tx:
        await lift(tx, other, ANN)
    assert await judged(one, HOME, times=9) + await judged(one, CAFE, times=9) == 10
