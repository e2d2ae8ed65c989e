"""Lifting: an administrator lets an account be tried again, and no other."""

from coatcheck.desk import Desk
from coatcheck.limits.known_devices import remember
from coatcheck.limits.lift import lift
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.limits.desks import ANN, BOB, CAFE, HOME, judged, open_desk


async def lifted(desk: Desk, account: str) -> None:
    async with desk.database.writing() as tx:
        await lift(tx, desk, account)


async def test_clears_every_lane_of_the_account(desk: Desk) -> None:
    async with desk.database.writing() as tx:
        known = Visit(known=(await remember(tx, desk, HOME, ANN)).reveal())
    for visit in (HOME, CAFE, known):
        assert await judged(desk, visit, times=9) == 5
    assert await judged(desk, HOME, BOB, times=9) == 5
    await lifted(desk, ANN)
    for visit in (HOME, CAFE, known):
        assert await judged(desk, visit, times=9) == 5
    assert await judged(desk, HOME, BOB) == 0


async def test_clears_the_accounts_day(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, account_per_day=2) as desk:
        assert await judged(desk, HOME, times=9) == 2
        await lifted(desk, ANN)
        assert await judged(desk, HOME, times=9) == 2


async def test_leaves_what_the_address_has_spent(url: str, clock: ManualClock) -> None:
    async with open_desk(url, clock, address_per_hour=3) as desk:
        assert await judged(desk, HOME, times=9) == 3
        await lifted(desk, ANN)
        assert await judged(desk, HOME) == 0


async def test_lifting_what_was_never_tried_does_nothing(desk: Desk) -> None:
    await lifted(desk, ANN)
    assert await judged(desk, HOME, times=9) == 5
