"""Removing one's own app: the last second factor leaves a password that is long enough, and takes the backup codes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.choose import NewPassword, store_password
from coatcheck.passwords.schemes import label
from tests.authenticators import Person, signed_in, with_app
from tests.site import PASSWORD, Site, open_site, sign_in, submit

SHORT = "nine char"
PAGE = "/account/ways-in/totp/remove"


@pytest.fixture
async def lenient(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on which passwords of eight characters were once taken."""
    async with open_site(
        f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"min_length": 8, "min_length_with_second_factor": 8}
    ) as opened:
        yield opened


async def remove(browser: httpx.AsyncClient, password: str | None = None) -> httpx.Response:
    body = None if password is None else {"password": password}
    return await browser.request("DELETE", "/api/factors/totp", json=body)


async def test_with_the_password_it_goes(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    assert (await remove(browser, PASSWORD)).status_code == 204
    listed = (await browser.get("/api/factors")).json()
    assert (listed["totp"], listed["backup_codes"]) == (None, None)
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()["status"] == "admitted"
    assert any(
        mail.subject == "The authenticator app was removed at Coatcheck" for mail in await site.mails("ann@example.org")
    )
    assert (await remove(browser, PASSWORD)).status_code == 404


@pytest.mark.parametrize("password", [None, "", "wrong words here today"])
async def test_without_it_it_stays(site: Site, password: str | None) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    refused = await remove(browser, password)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["password"])
    assert (await browser.get("/api/factors")).json()["totp"] is not None


async def test_a_password_too_short_to_stand_alone(site: Site) -> None:
    ann = await with_app(site)
    await give_short_password(site, ann)
    browser = await signed_in(site, ann, SHORT)
    refused = await remove(browser, SHORT)
    says = "Alone, a password needs at least 15 characters, and yours has fewer. Change it first."
    assert (refused.status_code, refused.json()["fields"]) == (422, {"password": says})
    assert (await browser.get("/api/factors")).json()["totp"] is not None
    change = {"password": SHORT, "new_password": PASSWORD}
    assert (await browser.post("/api/account/password", json=change)).status_code == 204
    assert (await remove(browser, PASSWORD)).status_code == 204


async def give_short_password(site: Site, ann: Person) -> None:
    """Store a password that is shorter than today's rules, as an import would."""
    hashed = await site.desk.keep(hashing_pool).hash(SHORT)
    async with site.desk.database.writing() as tx:
        await store_password(tx, ann.account.id, NewPassword(hashed, label(hashed)), site.clock.now())


async def test_where_it_is_long_enough_it_may_go(lenient: Site) -> None:
    ann = await with_app(lenient)
    await give_short_password(lenient, ann)
    assert (await remove(await signed_in(lenient, ann, SHORT), SHORT)).status_code == 204


async def test_beside_a_passkey_no_password_is_asked_for(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, ann.account.id, {"totp", "passkey", "backup_code"})
    assert (await remove(browser)).status_code == 204
    assert (await browser.get("/api/factors")).json()["backup_codes"]["left"] == 10


async def test_by_the_page(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    refused = await submit(browser, PAGE, PAGE, password="wrong words here today")
    assert (refused.status_code, "This is not your password." in refused.text) == (422, True)
    done = await submit(browser, PAGE, PAGE, password=PASSWORD)
    assert done.headers["location"] == "/account/ways-in?done=totp-removed"
    assert "was removed" in (await browser.get(done.headers["location"])).text
    assert "no authenticator app" in (await browser.get(PAGE)).text
