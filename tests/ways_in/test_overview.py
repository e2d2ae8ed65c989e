"""The page of one's ways in: what there is, since when, and what should be done about it."""

import pytest

from coatcheck.gate.cookie import check_cookie
from coatcheck.mfa.backup_codes import spend_code
from coatcheck.mfa.totp import STEP_MS, step_of
from coatcheck.ways_in.overview import ways_in
from tests.authenticators import let_in, with_app
from tests.site import Site


async def test_an_account_with_a_password_alone(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    assert (await browser.get("/api/factors")).json() == {"password": True, "totp": None, "backup_codes": None}
    page = (await browser.get("/account/ways-in")).text
    assert "Set up an app" in page
    assert "Backup codes" not in page
    account = (await browser.get("/account")).text
    assert 'href="/account/ways-in"' in account
    assert "backup code" not in account


async def test_it_is_ones_own(site: Site) -> None:
    assert (await site.browser().get("/api/factors")).status_code == 401
    assert (await site.browser().get("/account/ways-in")).status_code == 303


@pytest.mark.parametrize(
    ("used", "told"),
    [(0, ""), (6, ""), (7, "3 backup codes left"), (9, "1 backup code left"), (10, "No backup codes left")],
)
async def test_few_codes_are_told_on_both_pages(site: Site, used: int, told: str) -> None:
    ann = await with_app(site)
    cookie = (await let_in(site, ann.account)).secret.reveal()
    async with site.desk.database.writing() as tx:
        for code in ann.backup_codes[:used]:
            assert await spend_code(tx, site.desk, ann.account.id, code)
    browser = site.browser(headers={"cookie": f"__Host-coatcheck={cookie}"})
    account, page = (await browser.get("/account")).text, (await browser.get("/account/ways-in")).text
    assert ("left: make new ones" in account) == bool(told)
    assert told in account
    assert ("Few left" in page or "You have none" in page) == bool(told)


async def test_when_the_app_was_used(site: Site) -> None:
    ann = await with_app(site)
    admitted = await let_in(site, ann.account)
    shown = await ways_in(site.desk, await check_cookie(site.desk, admitted.secret.reveal()))
    assert shown.totp_since == site.clock.now()
    assert shown.totp_used == (step_of(site.clock.now()) - 2880) * STEP_MS
    assert (shown.codes_left, shown.has_few_codes, shown.has_second_factor) == (10, False, True)
