"""A trusted browser: for one account as it was then, for as long as the site says, and known by its cookie alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.mfa import records
from coatcheck.mfa.trusted import is_trusted_in, list_trusted, trust
from coatcheck.visit import Visit
from tests.attacks.census import row_counts, what_is_kept
from tests.site import VISIT, Site, open_site

DAYS = timedelta(days=30)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
async def trusting(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where browsers may be trusted."""
    sign_in = {"trust_devices_for": "30d"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=sign_in) as site:
        yield site


async def trusted(site: Site, account: Account, visit: Visit = VISIT) -> Visit:
    """Trust a browser, and visit with its cookie."""
    async with site.desk.database.writing() as tx:
        token = await trust(tx, site.desk, visit, account)
    return structs.replace(visit, trusted=token.reveal())


async def is_trusted(site: Site, visit: Visit, account: Account) -> bool:
    async with site.desk.database.reading() as db:
        return await is_trusted_in(db, site.desk, visit, account)


async def test_for_its_account_alone(trusting: Site) -> None:
    ann, ben = await trusting.person(password=None), await trusting.person("ben@example.org", None)
    visit = await trusted(trusting, ann)
    assert await is_trusted(trusting, visit, ann)
    assert not await is_trusted(trusting, visit, ben)
    assert not await is_trusted(trusting, VISIT, ann), "without its cookie"
    assert not await is_trusted(trusting, structs.replace(visit, trusted=visit.trusted[:-1]), ann)


async def test_as_long_as_the_site_says(trusting: Site) -> None:
    ann = await trusting.person(password=None)
    visit = await trusted(trusting, ann)
    trusting.clock.advance(DAYS - MILLISECOND)
    assert await is_trusted(trusting, visit, ann)
    trusting.clock.advance(MILLISECOND)
    assert not await is_trusted(trusting, visit, ann)


async def test_a_shorter_setting_counts_at_once(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path / 'site.db'}", None
    async with open_site(url, tmp_path, sign_in={"trust_devices_for": "30d"}) as site:
        ann, clock = await site.person(password=None), site.clock
        visit = await trusted(site, ann)
    clock.advance(timedelta(days=2))
    for setting, expected in (("3d", True), ("1d", False), ("0s", False)):
        async with open_site(url, tmp_path, clock=clock, sign_in={"trust_devices_for": setting}) as site:
            assert await is_trusted(site, visit, ann) is expected, setting


async def test_under_another_epoch_it_is_gone(trusting: Site) -> None:
    ann = await trusting.person(password=None)
    visit = await trusted(trusting, ann)
    async with trusting.desk.database.writing() as tx:
        epoch = await accounts.raise_epoch(tx, ann.id)
    now = replace(ann, epoch=epoch)
    assert not await is_trusted(trusting, visit, now)
    async with trusting.desk.database.reading() as db:
        assert await list_trusted(db, trusting.desk, now) == []


async def test_trusted_again_it_is_one_browser(trusting: Site) -> None:
    ann = await trusting.person(password=None)
    first = await trusted(trusting, ann)
    second = await trusted(trusting, ann, first)
    assert not await is_trusted(trusting, first, ann), "its old cookie is worth nothing"
    assert await is_trusted(trusting, second, ann)
    async with trusting.desk.database.reading() as db:
        [listed] = await list_trusted(db, trusting.desk, ann)
    assert (listed.address, listed.user_agent) == (VISIT.address, VISIT.user_agent)


async def test_removed(trusting: Site) -> None:
    ann, ben = await trusting.person(password=None), await trusting.person("ben@example.org", None)
    visit, other = await trusted(trusting, ann), await trusted(trusting, ann)
    async with trusting.desk.database.writing() as tx:
        newest = (await list_trusted(tx, trusting.desk, ann))[0].id
        assert not await records.remove_browser(tx, ben.id, newest), "nobody removes another's"
        assert await records.remove_browser(tx, ann.id, newest)
        assert not await records.remove_browser(tx, ann.id, newest)
    assert [await is_trusted(trusting, each, ann) for each in (visit, other)].count(True) == 1
    async with trusting.desk.database.writing() as tx:
        assert await records.remove_browsers(tx, ann.id) == 1
    assert (await row_counts(trusting))["trusted_devices"] == 0


async def test_a_copy_of_the_database_is_no_cookie(trusting: Site) -> None:
    visit = await trusted(trusting, await trusting.person(password=None))
    assert visit.trusted not in str(await what_is_kept(trusting, "trusted_devices"))
