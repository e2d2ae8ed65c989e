"""Attack 95: CVE-2026-34454, oauth2-proxy: the sign-in page is shown, but the old session's cookie is not cleared.

The person believes that nobody is signed in; the next one at the machine goes on with the session that is still there.
Here the sign-in page is shown only when nothing in the browser opens anything; a dead cookie is cleared by it, signing
out clears the cookie whether or not there was a session, and a new sign-in ends the session whose cookie it overwrites.
"""

from datetime import timedelta

import pytest

from tests.site import PASSWORD, Site, sign_in, submit

SESSION = "__Host-coatcheck"


async def is_let_in(site: Site, cookie: str) -> bool:
    holder = site.browser()
    holder.cookies.set(SESSION, cookie)
    return (await holder.get("/api/session")).status_code == 200


@pytest.mark.parametrize("way", ["ended", "idle", "made up"])
async def test_a_dead_cookie_is_cleared_where_the_form_is_shown(site: Site, way: str) -> None:
    await site.person()
    browser = await site.signed_in()
    if way == "ended":
        await (await site.signed_in()).delete("/api/sessions")
    elif way == "idle":
        site.clock.advance(timedelta(hours=2))
        await site.follow_log()
    else:
        browser.cookies.set(SESSION, "made-up", domain="auth.example.org")
    shown = await browser.get("/sign-in")
    assert (shown.status_code, 'name="password"' in shown.text) == (200, True)
    assert SESSION not in browser.cookies


async def test_whoever_has_a_session_does_not_see_the_form(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    assert (await browser.get("/sign-in")).status_code == 303
    confirming = await browser.get("/sign-in?confirm=1")
    assert "ann@example.org" in confirming.text, "this form is for the person who is signed in, and says so"


async def test_signing_out_clears_and_ends(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    cookie = browser.cookies[SESSION]
    assert (await submit(browser, "/sign-out", "/sign-out")).status_code == 200
    assert SESSION not in browser.cookies
    assert not await is_let_in(site, cookie)


async def test_a_new_sign_in_ends_the_session_it_overwrites(site: Site) -> None:
    await site.person()
    await site.person("ben@example.org")
    browser = await site.signed_in()
    anns = browser.cookies[SESSION]
    assert (await sign_in(browser, "ben@example.org", PASSWORD)).status_code == 200
    assert (await browser.get("/api/session")).json()["account"]["email"] == "ben@example.org"
    assert not await is_let_in(site, anns)


async def test_another_persons_password_confirms_nothing(site: Site) -> None:
    await site.person()
    await site.person("ben@example.org", "five green kettles whistle")
    browser = await site.signed_in()
    fields = {"identifier": "ben@example.org", "password": "five green kettles whistle", "confirming": "true"}
    assert (await submit(browser, "/sign-in?confirm=1", "/sign-in", **fields)).status_code == 401
    assert (await browser.get("/api/session")).json()["account"]["email"] == "ann@example.org"
