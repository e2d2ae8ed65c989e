"""Removing one's own app: the last second factor leaves a password that is long enough, and takes the backup codes."""

from datetime import timedelta

import httpx

from coatcheck.accounts import records as accounts
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.choose import NewPassword, store_password
from coatcheck.passwords.schemes import label
from tests.authenticators import Person, signed_in, with_app
from tests.site import PASSWORD, Site, sign_in, submit

SHORT = "nine char"
PAGE = "/account/ways-in/totp/remove"


async def remove(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.delete("/api/factors/totp")


async def test_it_goes_and_the_codes_with_it(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    assert (await remove(browser)).status_code == 204
    listed = (await browser.get("/api/factors")).json()
    assert (listed["totp"], listed["backup_codes"]) == (None, None)
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()["status"] == "admitted"
    assert any(
        mail.subject == "The authenticator app was removed at Coatcheck" for mail in await site.mails("ann@example.org")
    )
    assert (await remove(browser)).status_code == 404


async def test_other_sessions_end_with_it(site: Site) -> None:
    """Who takes a lost phone's app away is rid of whoever used it."""
    ann = await with_app(site)
    elsewhere = await signed_in(site, ann)
    site.clock.advance(timedelta(seconds=60))
    browser = await signed_in(site, ann)
    assert (await remove(browser)).status_code == 204
    assert (await elsewhere.get("/api/session")).status_code == 401
    assert (await browser.get("/api/session")).status_code == 200


async def test_a_sign_in_of_long_ago_is_not_enough(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    site.clock.advance(timedelta(minutes=6))
    assert (await remove(browser)).json()["code"] == "fresh_sign_in_needed"
    assert (await browser.get("/api/factors")).json()["totp"] is not None


async def test_a_password_too_short_to_stand_alone(site: Site) -> None:
    ann = await with_app(site)
    await give_short_password(site, ann)
    browser = await signed_in(site, ann, SHORT)
    refused = await remove(browser)
    says = "Alone, a password needs at least 15 characters, and yours has fewer. Change it first."
    assert (refused.status_code, refused.json()["fields"]) == (422, {"password": says})
    assert (await browser.get("/api/factors")).json()["totp"] is not None
    change = {"password": SHORT, "new_password": PASSWORD}
    assert (await browser.post("/api/account/password", json=change)).status_code == 204
    assert (await remove(browser)).status_code == 204


async def give_short_password(site: Site, ann: Person) -> None:
    """Store a password that was taken beside the app, too short to stand alone."""
    hashed = await site.desk.keep(hashing_pool).hash(SHORT)
    async with site.desk.database.writing() as tx:
        await store_password(
            tx, ann.account.id, NewPassword(hashed, label(hashed), stands_alone=False), site.clock.now()
        )


async def test_beside_a_passkey_it_goes_alone(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    await give_short_password(site, ann)
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, ann.account.id, {"totp", "passkey", "backup_code"})
    assert (await remove(browser)).status_code == 204
    assert (await browser.get("/api/factors")).json()["backup_codes"]["left"] == 10


async def test_by_the_page(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    await give_short_password(site, ann)
    refused = await submit(browser, PAGE, PAGE)
    assert (refused.status_code, "Change it first." in refused.text) == (422, True)
    change = {"password": SHORT, "new_password": PASSWORD}
    assert (await browser.post("/api/account/password", json=change)).status_code == 204
    done = await submit(browser, PAGE, PAGE)
    assert done.headers["location"] == "/account/ways-in?done=totp-removed"
    assert "was removed" in (await browser.get(done.headers["location"])).text
    assert "no authenticator app" in (await browser.get(PAGE)).text
