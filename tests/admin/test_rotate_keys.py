"""Operators replace keys: in time, unnoticed; or at once, and then every process and every verifier hears of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.audit.show import show
from coatcheck.errors import Conflict
from coatcheck.gate.cache import PrincipalCache
from coatcheck.keys.life import lead
from coatcheck.revocation import records as revocation
from coatcheck.revocation.event import Event
from coatcheck.revocation.log import start_new_era
from tests.attacks.census import row_counts
from tests.attacks.workers import another_worker
from tests.keys.sites import keys_of, kids, signing_site
from tests.site import VISIT, Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that has a key."""
    async with signing_site(tmp_path) as opened:
        await keys_of(opened).current()
        yield opened


async def log_of(site: Site) -> list[Event]:
    """Read the revocation log from its beginning."""
    async with site.desk.database.reading() as db:
        return [event for _, event in (await revocation.after(db, 0, 100))[1]]


async def test_a_rotation_in_time_is_audited_and_disturbs_nobody(site: Site) -> None:
    first = (await keys_of(site).current()).kid
    made = await rotate_keys(site.desk, VISIT, actor="operator")
    await keys_of(site).read()
    assert kids(site) == [first, made.kid]
    assert await log_of(site) == [], "no cache is emptied"
    [entry] = await show(site.desk, event="keys.rotated")
    assert (entry.actor, entry.account) == ("operator", None)
    assert entry.details == {"kid": made.kid, "algorithm": "EdDSA"}


async def test_a_second_one_is_refused_and_leaves_nothing(site: Site) -> None:
    await rotate_keys(site.desk, VISIT, actor="operator")
    before = await row_counts(site)
    with pytest.raises(Conflict):
        await rotate_keys(site.desk, VISIT, actor="operator")
    assert await row_counts(site) == before


async def test_in_an_emergency_the_old_keys_are_gone_at_once(site: Site) -> None:
    first = (await keys_of(site).current()).kid
    waiting = (await rotate_keys(site.desk, VISIT, actor="operator")).kid
    made = await replace_keys(site.desk, VISIT, actor="operator")
    assert keys_of(site).verifying(first) is None
    assert (await keys_of(site).current()).kid == made.kid
    assert kids(site) == [made.kid]
    assert await keys_of(site).find(waiting) is None
    assert await log_of(site) == [Event("keys_changed", "", "")]
    [entry] = await show(site.desk, event="keys.replaced")
    assert entry.details == {"kid": made.kid, "algorithm": "EdDSA"}


async def test_in_an_emergency_another_worker_hears_of_it_from_the_log(site: Site) -> None:
    """Its memory would have counted for the lead time; the log is read within the bound."""
    async with another_worker(site) as other:
        leaked = (await keys_of(other).current()).kid
        made = await replace_keys(site.desk, VISIT, actor="operator")
        assert keys_of(other).verifying(leaked) is not None, "it has not read the log yet"
        await other.follow_log()
        assert keys_of(other).verifying(leaked) is None
        assert (await keys_of(other).current()).kid == made.kid


async def test_in_an_emergency_what_was_checked_is_forgotten_everywhere(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    async with another_worker(site) as other:
        there = other.browser()
        there.cookies.update(browser.cookies)
        for asked in (browser, there):
            assert (await asked.get("/api/session")).status_code == 200
        caches = [each.desk.keep(PrincipalCache) for each in (site, other)]
        assert [len(cache) for cache in caches] == [1, 1]
        await replace_keys(site.desk, VISIT, actor="operator")
        await other.follow_log()
        assert [len(cache) for cache in caches] == [0, 0]
        assert (await browser.get("/api/session")).status_code == 200, "a cookie is not signed: it goes on"


async def test_a_restored_backup_reloads_the_keys(site: Site) -> None:
    """A log that starts over may have lost a `keys_changed`: the keys are read anew."""
    first = (await keys_of(site).current()).kid
    await start_new_era(site.desk)
    await site.follow_log()
    assert keys_of(site).verifying(first) is None
    assert await keys_of(site).find(first) is not None


async def test_a_changed_algorithm_is_the_next_keys(tmp_path: Path) -> None:
    async with signing_site(tmp_path, "EdDSA") as site:
        await keys_of(site).current()
    async with signing_site(tmp_path, "ES256") as site:
        assert (await keys_of(site).current()).algorithm == "EdDSA", "verifiers know this one"
        assert keys_of(site).is_due()
        await rotate_keys(site.desk, VISIT, actor="operator")
        site.clock.advance(lead(site.desk.settings.keys) + timedelta(seconds=1))
        assert (await keys_of(site).current()).algorithm == "ES256"
        assert not keys_of(site).is_due()
