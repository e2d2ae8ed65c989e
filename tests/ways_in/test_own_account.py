"""What a change of one's ways in asks first: a proof of the last minutes, by two factors where there are two."""

from datetime import timedelta

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import Conflict, SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.own_demand import FRESH
from coatcheck.ways_in.own_account import hold_own_account
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, ann_with, by_password, sign_in_by
from tests.site import VISIT, Site

CHANGES = (
    ("POST", "/api/factors/totp/start", None),
    ("POST", "/api/factors/totp/confirm", {"code": "123456"}),
    ("DELETE", "/api/factors/totp", {"password": "x"}),
    ("POST", "/api/factors/backup-codes", None),
)
PAGES = ("/account/ways-in/totp", "/account/ways-in/totp/remove", "/account/ways-in/backup-codes")


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_an_old_sign_in_changes_nothing(site: Site, method: str, path: str, body: object) -> None:
    await site.person()
    browser = await site.signed_in()
    site.clock.advance(timedelta(minutes=6))
    refused = await browser.request(method, path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    assert 'max_age="300"' in refused.headers["www-authenticate"]
    assert (await site.browser().request(method, path, json=body)).status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_one_factor_of_two_changes_nothing(site: Site, method: str, path: str, body: object) -> None:
    """A fresh session that was opened before the app was there."""
    await site.person("ben@example.org")
    browser = await site.signed_in("ben@example.org")
    async with site.desk.database.writing() as tx:
        ben = (await browser.get("/api/session")).json()["account"]["id"]
        await accounts.set_factors(tx, ben, {"totp"})
    refused = await browser.request(method, path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    assert 'acr_values="aal2"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_asks_and_comes_back(site: Site, path: str) -> None:
    await site.person()
    browser = await site.signed_in()
    assert (await browser.get(path)).status_code == 200
    site.clock.advance(timedelta(minutes=6))
    asked = await browser.get(path)
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/sign-in?confirm=1&return_to=%2Faccount%2Fways-in")


async def test_a_session_that_ended_changes_nothing(site: Site) -> None:
    ann = await site.person(password=None)
    principal = await check_cookie(site.desk, (await site.let_in(ann)).secret.reveal())
    async with site.desk.database.writing() as tx:
        assert await hold_own_account(tx, principal, epoch=ann.epoch) == ann
    async with site.desk.database.writing() as tx:
        with pytest.raises(Conflict):
            await hold_own_account(tx, principal, epoch=ann.epoch - 1)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    async with site.desk.database.writing() as tx:
        with pytest.raises(SessionEnded):
            await hold_own_account(tx, principal)


async def test_a_session_that_was_found_open_makes_no_passkey(site: Site) -> None:
    """Whoever comes to an open browser later, or has only the password, adds, renames and removes nothing."""
    device = Device()
    browser = await ann_with(site, device)
    [passkey] = (await browser.get("/api/passkeys")).json()["passkeys"]
    calls: tuple[tuple[str, str, dict[str, object] | None], ...] = (
        ("POST", "/api/passkeys/start", None),
        ("POST", "/api/passkeys", {"credential": {}}),
        ("POST", f"/api/passkeys/{passkey['id']}/name", {"name": "mine"}),
        ("DELETE", f"/api/passkeys/{passkey['id']}", None),
    )
    for method, path, body in calls:  # fresh, but by the password alone
        refused = await browser.request(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed"), path
    assert (await sign_in_by(browser, device)).status_code == 200
    site.clock.advance(FRESH + timedelta(seconds=1))
    for method, path, body in calls:
        assert (await browser.request(method, path, json=body)).json()["code"] == "fresh_sign_in_needed"
    assert (await by_password(site.browser()))["status"] == "more_needed"


async def test_held_as_it_was(site: Site) -> None:
    account = await site.person()
    admitted = await site.let_in(account)
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    async with site.desk.database.writing() as tx:
        assert (await hold_own_account(tx, principal, epoch=account.epoch)).email == ANN
    with pytest.raises(Conflict):
        async with site.desk.database.writing() as tx:
            await hold_own_account(tx, principal, epoch=account.epoch + 1)
    with pytest.raises(SessionEnded):
        async with site.desk.database.writing() as tx:
            await hold_own_account(tx, type(principal)(subject=account.id, session="ses_none"))
