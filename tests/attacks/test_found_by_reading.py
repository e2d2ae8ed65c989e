"""Holes found in Coatcheck itself by reading it as an attacker; each test was red before its fix."""

import httpx
import pytest

from coatcheck.errors import Busy
from coatcheck.passwords.check import hashing_pool
from coatcheck.signup.confirm import confirm_sign_up
from coatcheck.visit import Visit
from tests.site import FORM_TOKEN, PASSWORD, Site

LINKED = (
    "/", "/sign-in", "/sign-in?confirm=1", "/sign-up", "/sign-out", "/recover", "/recover/new-password?token=x",
    "/verify-email?token=x", "/account", "/account/closed", "/account/sessions", "/admin", "/admin/set-up?token=x",
    "/nothing",
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
