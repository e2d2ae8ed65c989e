"""Tries: what a single worker spends, gives back and clears."""

import pytest
from sqlalchemy import select

from coatcheck.desk import Desk
from coatcheck.errors import TooManyAttempts
from coatcheck.limits.known_devices import remember
from coatcheck.limits.tries import Spent, give_back, spend, spend_address, succeeded
from coatcheck.storage.tables.limits import limit_lanes, limit_totals
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.limits.desks import ANN, BOB, CAFE, DAY, HOME, HOUR, MINUTE, attempt, from_address, judged, open_desk
from tests.statements import statements, verbs


async def known_visit(desk: Desk, visit: Visit = HOME, account: str = ANN) -> Visit:
    async with desk.database.writing() as tx:
        secret = await remember(tx, desk, visit, account)
    return Visit(address=visit.address, known=secret.reveal())


async def test_the_fifth_try_is_judged_and_the_sixth_waits_an_hour(desk: Desk) -> None:
    assert await judged(desk, HOME, times=5) == 5
    with pytest.raises(TooManyAttempts, match="pair") as refusal:
        await spend(desk, HOME, subject=ANN)
    assert refusal.value.retry_after == 3600


async def test_the_hour_runs_from_the_last_try_spent_not_from_the_last_refused(desk: Desk, clock: ManualClock) -> None:
    await judged(desk, HOME, times=5)
    clock.advance(59 * MINUTE)
    assert await judged(desk, HOME, times=3) == 0
    clock.advance(1 * MINUTE)
    assert await judged(desk, HOME, times=9) == 5


async def test_tries_older_than_the_window_do_not_count(desk: Desk, clock: ManualClock) -> None:
    await judged(desk, HOME, times=4)
    clock.advance(15 * MINUTE)
    assert await judged(desk, HOME, times=9) == 5


async def test_five_within_the_window_block_wherever_it_begins(desk: Desk, clock: ManualClock) -> None:
    await judged(desk, HOME)
    clock.advance(14 * MINUTE)
    await judged(desk, HOME, times=3)
    clock.advance(2 * MINUTE)
    assert await judged(desk, HOME, times=9) == 2


async def test_another_address_and_another_account_have_pairs_of_their_own(desk: Desk) -> None:
    await judged(desk, HOME, times=5)
    assert await judged(desk, CAFE, times=5) == 5
    assert await judged(desk, HOME, BOB, times=5) == 5


async def test_an_unknown_identifier_is_limited_like_an_account(desk: Desk) -> None:
    assert await judged(desk, HOME, "nobody@example.org", times=9) == 5
    assert await judged(desk, HOME, "somebody@example.org", times=9) == 5


async def test_all_visitors_without_an_address_share_one_count(desk: Desk) -> None:
    assert await judged(desk, Visit(), times=9) == 5


async def test_an_account_is_tried_a_hundred_times_a_day(desk: Desk, clock: ManualClock) -> None:
    addresses = [from_address(f"203.0.113.{number}") for number in range(40)]
    assert sum([await judged(desk, visit, times=3) for visit in addresses]) == 100
    refusal = await attempt(desk, CAFE)
    assert isinstance(refusal, TooManyAttempts)
    assert "account" in refusal.because
    assert refusal.retry_after == 24 * 3600
    clock.advance(DAY)
    assert await judged(desk, CAFE) == 1


async def test_an_address_tries_fifty_times_an_hour(desk: Desk, clock: ManualClock) -> None:
    subjects = [f"name{number}" for number in range(60)]
    assert sum([await judged(desk, HOME, subject) for subject in subjects]) == 50
    assert await judged(desk, CAFE, subjects[-1]) == 1
    clock.advance(HOUR)
    assert await judged(desk, HOME) == 1


async def test_a_refusal_spends_nothing_on_the_other_counters(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, address_per_hour=6) as desk:
        assert await judged(desk, HOME, times=50) == 5
        assert await judged(desk, HOME, BOB, times=50) == 1
        # Bob's pair has one spent, not 50; his day has one spent as well.
        assert await judged(desk, CAFE, BOB, times=50) == 5
        clock.advance(HOUR)
        assert await judged(desk, HOME, BOB, times=50) == 5


async def test_a_refusal_says_the_longest_wait(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, account_per_day=5) as desk:
        await judged(desk, HOME, times=5)
        refusal = await attempt(desk, HOME)
        assert isinstance(refusal, TooManyAttempts)
        assert refusal.retry_after == 24 * 3600
        assert {"pair", "account"} <= set(refusal.because.replace(",", " ").split())


async def test_a_try_given_back_can_be_spent_again(desk: Desk) -> None:
    for _ in range(30):
        await give_back(desk, await spend(desk, HOME, subject=ANN))
    assert await judged(desk, HOME, times=9) == 5


async def test_giving_back_lifts_a_block_that_this_very_try_set(desk: Desk) -> None:
    first = await spend(desk, HOME, subject=ANN)
    await judged(desk, HOME, times=3)
    fifth = await spend(desk, HOME, subject=ANN)
    await give_back(desk, first)
    assert await judged(desk, HOME) == 0
    await give_back(desk, fifth)
    assert await judged(desk, HOME, times=9) == 2


async def test_giving_back_twice_counts_once(desk: Desk) -> None:
    spent = await spend(desk, HOME, subject=ANN)
    await judged(desk, HOME, times=3)
    await give_back(desk, spent)
    await give_back(desk, spent)
    assert await judged(desk, HOME, times=9) == 2


async def test_giving_back_does_not_touch_a_later_day(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, account_per_day=1, address_per_hour=1) as desk:
        yesterday = await spend(desk, HOME, subject=ANN)
        clock.advance(DAY)
        assert await judged(desk, HOME) == 1
        await give_back(desk, yesterday)
        assert await judged(desk, CAFE) == 0
        assert await judged(desk, HOME, BOB) == 0


async def succeed(desk: Desk, spent: Spent) -> None:
    async with desk.database.writing() as tx:
        succeeded(tx, spent)


async def test_success_clears_its_pair(desk: Desk) -> None:
    await judged(desk, HOME, times=4)
    await succeed(desk, await spend(desk, HOME, subject=ANN))
    assert await judged(desk, HOME, times=9) == 5


async def test_success_leaves_failures_on_account_and_address_counted(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, account_per_day=10, address_per_hour=10) as desk:
        await judged(desk, HOME, times=4)
        await succeed(desk, await spend(desk, HOME, subject=ANN))
        # Four failures stay on both; the right try itself does not.
        assert await judged(desk, CAFE, times=5) + await judged(desk, from_address("203.0.113.1"), times=5) == 6
        assert sum([await judged(desk, HOME, f"name{number}") for number in range(20)]) == 6


async def test_many_right_tries_spend_nothing(desk: Desk) -> None:
    for _ in range(60):
        await succeed(desk, await spend(desk, HOME, subject=ANN))


async def test_a_stranger_costs_four_statements_and_a_success_two(desk: Desk) -> None:
    with statements() as seen:
        spent = await spend(desk, HOME, subject=ANN)
        await succeed(desk, spent)
    assert verbs(seen) == ["INSERT", "INSERT", "INSERT", "INSERT", "DELETE", "UPDATE"]


async def test_a_known_device_has_five_of_its_own_while_its_pair_is_blocked(desk: Desk, clock: ManualClock) -> None:
    known = await known_visit(desk)
    assert await judged(desk, HOME, times=9) == 5
    assert await judged(desk, known, times=9) == 5
    refusal = await attempt(desk, known)
    assert isinstance(refusal, TooManyAttempts)
    assert refusal.retry_after == 3600
    assert "device" in refusal.because
    clock.advance(HOUR)
    assert await judged(desk, known, times=9) == 5


async def test_a_known_device_passes_when_the_account_and_the_address_are_spent(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, account_per_day=2, address_per_hour=3) as desk:
        known = await known_visit(desk)
        assert await judged(desk, HOME, BOB) + await judged(desk, HOME, times=9) == 3
        assert await judged(desk, CAFE) == 0
        assert await judged(desk, known, times=9) == 5


async def test_a_known_devices_tries_count_on_the_accounts_day(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, account_per_day=4) as desk:
        assert await judged(desk, await known_visit(desk), times=3) == 3
        assert await judged(desk, HOME, times=9) == 1


async def test_a_known_device_of_one_account_is_a_stranger_to_another(desk: Desk) -> None:
    known = await known_visit(desk)
    assert await judged(desk, HOME, BOB, times=5) == 5
    assert await judged(desk, known, BOB) == 0


async def test_an_address_may_ask_so_often_an_hour_for_each_thing(desk: Desk, clock: ManualClock) -> None:
    for _ in range(3):
        await spend_address(desk, HOME, what="sign-up", per_hour=3)
    with pytest.raises(TooManyAttempts, match="sign-up") as refusal:
        await spend_address(desk, HOME, what="sign-up", per_hour=3)
    assert refusal.value.retry_after == 3600
    await spend_address(desk, HOME, what="recovery", per_hour=3)
    await spend_address(desk, CAFE, what="sign-up", per_hour=3)
    assert await judged(desk, HOME, times=5) == 5
    clock.advance(HOUR)
    await spend_address(desk, HOME, what="sign-up", per_hour=3)


async def test_a_block_shorter_than_the_window_is_as_long_as_it(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, block=MINUTE) as desk:
        await judged(desk, HOME, times=5)
        clock.advance(14 * MINUTE)
        assert await judged(desk, HOME) == 0
        clock.advance(1 * MINUTE)
        assert await judged(desk, HOME, times=9) == 5


async def test_a_limit_of_one_blocks_after_the_first(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, tries=1) as desk:
        assert await judged(desk, HOME, times=3) == 1
        clock.advance(HOUR)
        assert await judged(desk, HOME, times=3) == 1


async def test_fewer_tries_are_allowed_at_once_when_the_setting_shrinks(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock) as before:
        await judged(before, HOME, times=4)
    async with open_desk(url, clock, tries=2) as after:
        assert await judged(after, HOME, times=9) == 1


async def test_neither_name_nor_address_stands_in_the_database(desk: Desk) -> None:
    await judged(desk, HOME, "ann@example.org")
    async with desk.database.reading() as db:
        rows = [*await db.execute(select(limit_lanes)), *await db.execute(select(limit_totals))]
    assert len(rows) == 4
    assert not any(word in repr(rows) for word in ("ann", "example", "192", "\\xc0\\x00\\x02\\x01"))


async def test_rows_expire_when_they_no_longer_matter(desk: Desk, clock: ManualClock) -> None:
    await judged(desk, HOME, times=5)
    async with desk.database.reading() as db:
        lanes = list(await db.execute(select(limit_lanes.c.expires_at, limit_lanes.c.blocked_until)))
        totals = sorted(ends - clock.now() for (ends,) in await db.execute(select(limit_totals.c.expires_at)))
    assert lanes == [(clock.now() + 3_600_000, clock.now() + 3_600_000)]
    assert totals == [1000, 3_600_000, 86_400_000]


def test_what_was_spent_tells_nothing_about_whom() -> None:
    assert set(Spent.__struct_fields__) == {"lane", "mark", "totals"}
