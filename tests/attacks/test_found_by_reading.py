"""Holes found in Coatcheck itself by reading it as an attacker; each test was red before its fix."""

from datetime import timedelta

import httpx
import pytest

from coatcheck.errors import Busy
from coatcheck.passwords.check import hashing_pool
from coatcheck.signup.confirm import confirm_sign_up
from coatcheck.visit import Visit
from tests.site import FORM_TOKEN, PASSWORD, Site, sign_in
from tests.tokens.holders import is_alive

LINKED = (
    "/", "/sign-in", "/sign-in?confirm=1", "/sign-up", "/sign-out", "/recover", "/recover/new-password?token=x",
    "/verify-email?token=x", "/account", "/account/closed", "/account/sessions", "/admin", "/admin/set-up?token=x",
    "/nothing", "/token/renew?return_to=/x", "/api/token/renew?return_to=/x",
)  # fmt: skip
FOLLOWED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "accept": "text/html"}


async def follow_link(site: Site, path: str) -> httpx.Response:
    """Follow a link on a foreign page: `SameSite=Strict` cookies stay away from the request it causes."""
    return await site.browser(headers=FOLLOWED).get(path)


@pytest.mark.parametrize("path", LINKED)
async def test_a_foreign_link_sets_and_clears_no_cookie(site: Site, path: str) -> None:
    """`/sign-out` cleared the session's cookie, and each page renamed the browser, which voids its open forms."""
    assert "set-cookie" not in (await follow_link(site, path)).headers


async def test_a_mailed_link_finds_the_browser_that_asked(site: Site) -> None:
    """From web mail it never did: the first request came without cookies, and a new browser cookie replaced the old."""
    browser = site.browser()
    form = FORM_TOKEN.search((await browser.get("/sign-up")).text)
    assert form is not None
    await browser.post("/sign-up", data={"email": "ann@example.org", "password": PASSWORD, "form_token": form[1]})
    path = f"/verify-email?token={await site.token('ann@example.org')}"
    hop = await follow_link(site, path)
    assert f'content="0; url={path}"' in hop.text
    assert 'name="password"' not in (await browser.get(path)).text


async def test_changes_of_address_do_not_mail_the_world(site: Site) -> None:
    """They were limited for each recipient, not for who asks: an account could have us write to everybody."""
    await site.person()
    browser = await site.signed_in()
    answers = [
        await browser.post("/api/account/email", json={"password": PASSWORD, "new_email": f"s{number}@example.org"})
        for number in range(40)
    ]
    assert {answer.status_code for answer in answers} == {202, 429}
    assert len(await site.mails()) == 30


async def test_a_guess_that_was_not_judged_is_given_back_at_a_sign_ups_link(site: Site) -> None:
    """While the hashing pool was full, five confirmations by the owner blocked the link for an hour."""
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    token = await site.token("ann@example.org")
    site.desk.keep(hashing_pool).close()
    for _ in range(7):
        with pytest.raises(Busy):
            await confirm_sign_up(site.desk, Visit(address="192.0.2.1"), token=token, password=PASSWORD)


async def test_who_is_led_to_renewal_keeps_their_session(site: Site) -> None:
    """By way of the hop any site could have a visitor's session cookie removed: `/token/renew` cleared them all."""
    await site.person()
    browser = await site.signed_in()
    for path in ("/token/renew", "/api/token/renew"):
        await browser.get(path, headers={"sec-fetch-mode": "navigate"}, follow_redirects=True)
        assert (await browser.get("/api/session")).status_code == 200


async def test_signing_out_with_a_token_that_ran_out(site: Site) -> None:
    """It said 204 and cleared the cookies; the session went on, and so did a copy of its refresh token."""
    await site.person()
    browser = site.browser()
    given = (await sign_in(browser, "ann@example.org", PASSWORD, present="token_cookies")).json()
    copy = browser.cookies["__Secure-coatcheck-refresh"]
    site.clock.advance(timedelta(minutes=16))
    assert (await browser.post("/api/sign-out")).status_code == 204
    assert not await is_alive(site, given["session"]["id"])
    assert (await site.browser().post("/api/token/refresh", json={"refresh_token": copy})).status_code == 401


async def test_a_refresh_token_that_a_subdomain_planted(site: Site) -> None:
    """Its cookie has a path, and so no `__Host-`: a page on a subdomain led visitors into the attacker's account."""
    await site.person("mallory@example.org")
    mallory, victim = site.browser(), site.browser()
    await sign_in(mallory, "mallory@example.org", PASSWORD, present="token_cookies")
    name = "__Secure-coatcheck-refresh"
    victim.cookies.set(name, mallory.cookies[name], domain="auth.example.org", path="/api/token")
    await victim.get("/api/token/renew?return_to=/account", headers={"sec-fetch-mode": "navigate"})
    await victim.post("/api/token/refresh")
    assert (await victim.get("/api/session")).status_code == 401


async def test_revoking_another_token_keeps_the_session_of_the_cookie(site: Site) -> None:
    """Whatever was given back, the browser's own session cookie went: it was signed out, and its session lived on."""
    await site.person()
    browser = await site.signed_in()
    await browser.post("/api/token/revoke", json={"token": "anything"})
    assert (await browser.get("/api/session")).status_code == 200


@pytest.mark.parametrize("path", ["/status/99999999999", "/status/" + "9" * 4000])
async def test_numbers_that_no_database_takes(site: Site, path: str) -> None:
    """A list's number went to the database as it came: 500, and a line in the log with a trace, for any stranger."""
    assert (await site.browser().get(path)).status_code in (404, 414)
