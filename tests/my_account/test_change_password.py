"""Changing a password ends the other sessions and gives this one a new secret."""

from pathlib import Path

import pytest

from tests.recovery.lost import enrolled, fully_in
from tests.site import PASSWORD, Site, open_site, sign_in, submit

NEW = "entirely other words today"
COOKIE = "__Host-coatcheck"


async def test_over_json(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    before = here.cookies[COOKIE]
    answer = await here.post("/api/account/password", json={"password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 204
    assert here.cookies[COOKIE] != before
    assert (await here.get("/api/session")).status_code == 200
    assert (await elsewhere.get("/api/session")).json()["code"] == "session_ended"
    stolen = site.browser()
    stolen.cookies.set(COOKIE, before, domain="auth.example.org")
    assert (await stolen.get("/api/session")).json()["code"] == "session_ended", "the old secret is dead at once"
    assert (await sign_in(elsewhere, "ann@example.org", PASSWORD)).status_code == 401
    assert (await sign_in(elsewhere, "ann@example.org", NEW)).status_code == 200
    [told] = await site.mails("ann@example.org")
    assert told.subject == "Your password was changed at Coatcheck"
    assert "Every other session was ended." in told.text
    assert "https://auth.example.org/recover" in told.text


async def test_over_the_page(site: Site) -> None:
    await site.person()
    here = await site.signed_in()
    fields = {"password": PASSWORD, "new_password": NEW}
    answer = await submit(here, "/account", "/account/password", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    assert "Your password was changed" in (await here.get("/account?done=password")).text


@pytest.mark.parametrize(
    ("password", "new", "field"),
    [
        ("not mine at all", NEW, "password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "password" * 2, "new_password"),
    ],
)
async def test_what_is_not_taken(site: Site, password: str, new: str, field: str) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    answer = await here.post("/api/account/password", json={"password": password, "new_password": new})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert (await elsewhere.get("/api/session")).status_code == 200, "nothing changed"


async def test_guesses_within_a_session_are_limited(site: Site) -> None:
    await site.person()
    here = await site.signed_in()
    body = {"password": "not mine at all", "new_password": NEW}
    answers = [(await here.post("/api/account/password", json=body)).status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2


async def test_a_remembered_session_stays_remembered(site: Site) -> None:
    await site.person()
    here = site.browser()
    await sign_in(here, "ann@example.org", PASSWORD, remember_me=True)
    answer = await here.post("/api/account/password", json={"password": PASSWORD, "new_password": NEW})
    assert "Max-Age=7776000" in answer.headers["set-cookie"]


async def test_a_shorter_one_does_beside_a_second_factor(site: Site) -> None:
    ann = await enrolled(site)
    browser = site.browser()
    browser.cookies.set(COOKIE, (await fully_in(site, ann)).secret.reveal(), domain="auth.example.org")
    assert "At least 8 characters" in (await browser.get("/account")).text
    body = {"password": PASSWORD, "new_password": "tin opener"}
    assert (await browser.post("/api/account/password", json=body)).status_code == 204


async def test_a_factor_that_the_site_has_no_more_shortens_nothing(tmp_path: Path) -> None:
    without = {"totp": False, "passkeys": False}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=without) as site:
        await enrolled(site)
        browser = await site.signed_in()
        body = {"password": PASSWORD, "new_password": "tin opener"}
        assert (await browser.post("/api/account/password", json=body)).status_code == 422
