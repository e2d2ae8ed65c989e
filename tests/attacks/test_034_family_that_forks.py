"""Attack 34: GHSA-392p-2q2v-4372, better-auth: concurrent refreshes fork the family, and no replay is ever noticed.

There each of two refreshes with one token, or a refresh beside a revocation, made a branch that lived on by itself: the
thief's and the owner's never met. Here a session has one row for its refresh tokens, held while it is judged: there is
one current token, whoever asks, and whoever presents another one that is older than ten seconds ends all of it.
"""

from datetime import timedelta

import pytest

from coatcheck.errors import SessionEnded
from coatcheck.login.revoke import revoke
from tests.attacks.workers import another_worker
from tests.races.nodes import at_once, counted
from tests.site import VISIT, Site
from tests.tokens.holders import Held, is_alive, is_good, let_in, refreshed

LONG = timedelta(seconds=11)


async def test_thief_and_owner_at_once_get_the_same(site: Site) -> None:
    held = await let_in(site, await site.person(password=None))
    async with another_worker(site) as other:
        given = await at_once(refreshed(node, held.refresh) for node in (site, other) * 10)
        assert {each.refresh for each in given if isinstance(each, Held)} == {given[0].refresh}  # type: ignore[union-attr]


async def test_the_first_to_go_on_is_found_by_the_other(site: Site) -> None:
    """Both hold the same; when one has used it and the other comes later, everything ends for both."""
    stolen = await let_in(site, await site.person(password=None))
    theirs = await refreshed(site, stolen.refresh)
    site.clock.advance(LONG)
    with pytest.raises(SessionEnded):
        await refreshed(site, stolen.refresh)
    assert not await is_good(site, theirs.access)
    with pytest.raises(SessionEnded):
        await refreshed(site, theirs.refresh)


async def test_a_branch_long_left_is_known_still(site: Site) -> None:
    stolen = await let_in(site, await site.person(password=None))
    latest = stolen
    for _ in range(150):
        latest = await refreshed(site, latest.refresh)
    site.clock.advance(timedelta(days=6))
    latest = await refreshed(site, latest.refresh)
    site.clock.advance(LONG)
    with pytest.raises(SessionEnded):
        await refreshed(site, stolen.refresh)
    assert not await is_alive(site, stolen.session)


async def test_a_refresh_beside_a_revocation(site: Site) -> None:
    ann = await site.person(password=None)
    for _ in range(10):
        held = await let_in(site, ann)
        ways = [refreshed(site, held.refresh), _revoke(site, held), refreshed(site, held.refresh)]
        outcomes = await at_once(ways)
        assert set(counted(outcomes)) <= {"Held", "NoneType", "SessionEnded"}
        given = [each for each in outcomes if isinstance(each, Held)]
        for each in (held, *given):
            assert not await is_good(site, each.access)
            with pytest.raises(SessionEnded):
                await refreshed(site, each.refresh)


async def _revoke(site: Site, held: Held) -> None:
    await revoke(site.desk, VISIT, token=held.refresh)
