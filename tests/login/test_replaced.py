"""A new sign-in in the same browser ends the session whose cookie it overwrites."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.site import PASSWORD, Site, sign_in, submit


async def by_json(browser: httpx.AsyncClient) -> None:
    assert (await sign_in(browser, "ben@example.org", PASSWORD)).status_code == 200


async def by_form(browser: httpx.AsyncClient) -> None:
    fields = {"identifier": "ben@example.org", "password": PASSWORD}
    answer = await submit(browser, "/sign-in?confirm=1", "/sign-in", **fields)
    assert answer.status_code == 303


@pytest.mark.parametrize("sign_in_again", [by_json, by_form])
async def test_the_old_session_ends(site: Site, sign_in_again: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    await site.person()
    await site.person("ben@example.org")
    browser = await site.signed_in()
    elsewhere = await site.signed_in()
    old = (await browser.get("/api/session")).json()["session"]["id"]
    await sign_in_again(browser)
    assert (await browser.get("/api/session")).json()["account"]["email"] == "ben@example.org"
    left = [session["id"] for session in (await elsewhere.get("/api/sessions")).json()["sessions"]]
    assert old not in left
    assert len(left) == 1, "the session in another browser stays"


async def test_confirming_raises_the_session_that_is_there(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    before = (await browser.get("/api/session")).json()["session"]["id"]
    fields = {"identifier": "ann@example.org", "password": PASSWORD, "confirming": "true", "return_to": "/account"}
    answer = await submit(browser, "/sign-in?confirm=1", "/sign-in", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await browser.get("/api/session")).json()["session"]["id"] == before


async def test_an_old_form_signs_in_whom_it_names(site: Site) -> None:
    await site.person()
    await site.person("ben@example.org")
    browser = await site.signed_in()
    fields = {"identifier": "ben@example.org", "password": PASSWORD}
    answer = await submit(browser, "/sign-in?confirm=1", "/sign-in", **fields)
    assert answer.status_code == 303
    assert (await browser.get("/api/session")).json()["account"]["email"] == "ben@example.org"
