"""The schedule: a key is published in time for its turn, once, whichever workers look."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.audit.show import show
from coatcheck.keys.life import lead
from coatcheck.server.key_rotation import KeyRotation
from tests.attacks.workers import another_worker
from tests.keys.sites import keys_of, kids, signing_site
from tests.site import Site

DAY = timedelta(days=1)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that rotates each 90 days."""
    async with signing_site(tmp_path) as opened:
        yield opened


async def test_the_first_is_there_before_anybody_asks(site: Site) -> None:
    """A verifier that starts together with us finds a key, not an empty set."""
    assert await KeyRotation(site.desk).turn()
    assert not await KeyRotation(site.desk).turn()
    await keys_of(site).read()
    assert kids(site) == [(await keys_of(site).current()).kid]


async def test_a_year(site: Site) -> None:
    """Look once a day for a year: a key signs for 90 days, and there are never more than two."""
    rotation, signed, published = KeyRotation(site.desk), [], set()
    for _ in range(366):
        await rotation.turn()
        signed.append((await keys_of(site).current()).kid)
        published.add(len(kids(site)))
        site.clock.advance(DAY)
    turns = [day for day in range(1, 366) if signed[day] != signed[day - 1]]
    assert turns == [91, 181, 271, 361], "published on the day it is due, it signs when we look on the next"
    assert published == {1, 2}
    assert len(await show(site.desk, event="keys.rotated", limit=20)) == 1 + len(turns)


async def test_in_time_for_its_turn(site: Site) -> None:
    rotation, settings = KeyRotation(site.desk), site.desk.settings.keys
    first = (await keys_of(site).current()).kid
    site.clock.advance(settings.rotate_every - lead(settings) - timedelta(milliseconds=1))
    assert not await rotation.turn()
    site.clock.advance(timedelta(milliseconds=1))
    assert await rotation.turn()
    assert not await rotation.turn()
    site.clock.advance(lead(settings) - timedelta(milliseconds=1))
    assert (await keys_of(site).current()).kid == first
    site.clock.advance(timedelta(milliseconds=1))
    assert (await keys_of(site).current()).kid != first, "it has signed for 90 days to the moment"


async def test_one_worker_does_it(site: Site) -> None:
    await keys_of(site).current()
    site.clock.advance(site.desk.settings.keys.rotate_every)
    async with another_worker(site) as other:
        turns = [await KeyRotation(each.desk).turn() for each in (site, other, site, other)]
    assert turns == [True, False, False, False]
    [entry] = await show(site.desk, event="keys.rotated")
    assert entry.actor == "schedule"


async def test_another_takes_over_from_one_that_died(site: Site) -> None:
    async with another_worker(site) as other:
        await keys_of(other).current()
        site.clock.advance(site.desk.settings.keys.rotate_every)
        assert await KeyRotation(site.desk)._has_lease(), "it has begun, and dies here"
        assert not await KeyRotation(other.desk).turn()
        site.clock.advance(timedelta(minutes=2))
        assert await KeyRotation(other.desk).turn()
