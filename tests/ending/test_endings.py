"""Signing out, ending sessions and closing an account."""

import pytest
from sqlalchemy import select

from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.audit import audit_personal
from coatcheck.storage.tables.passwords import passwords
from tests.site import PASSWORD, Site, sign_in, submit


async def test_sign_out(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    cookie = browser.cookies["__Host-coatcheck"]
    answer = await browser.post("/api/sign-out")
    assert answer.status_code == 204
    assert "__Host-coatcheck=; Max-Age=0" in answer.headers["set-cookie"]
    thief = site.browser(headers={"cookie": f"__Host-coatcheck={cookie}"})
    assert (await thief.get("/api/session")).json()["code"] == "session_ended"
    assert (await browser.post("/api/sign-out")).status_code == 204, "twice is no error"


async def test_sign_out_everywhere(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    assert (await here.post("/api/sign-out", json={"everywhere": True})).status_code == 204
    assert (await elsewhere.get("/api/session")).json()["code"] == "session_ended"


async def test_sign_out_over_the_page(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    answer = await submit(here, "/sign-out", "/sign-out", everywhere="true")
    assert answer.status_code == 200
    assert (await elsewhere.get("/api/session")).status_code == 401


async def test_end_the_others(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    assert (await here.delete("/api/sessions")).status_code == 204
    assert (await here.get("/api/session")).status_code == 200
    assert (await elsewhere.get("/api/session")).status_code == 401


async def test_nobody_ends_anothers_session(site: Site) -> None:
    await site.person()
    await site.person("ben@example.org")
    ann, ben = await site.signed_in(), await site.signed_in("ben@example.org")
    target = (await ben.get("/api/session")).json()["session"]["id"]
    assert (await ann.delete(f"/api/sessions/{target}")).status_code == 404
    page = await submit(ann, "/account", f"/account/sessions/{target}/end")
    assert page.status_code == 404
    assert (await ben.get("/api/session")).status_code == 200


async def test_closing_erases_the_person(site: Site) -> None:
    person = await site.person(username="ann")
    browser = await site.signed_in()
    wrong = await browser.post("/api/account/close", json={"password": "not mine at all"})
    assert wrong.status_code == 422
    assert (await browser.post("/api/account/close", json={"password": PASSWORD})).status_code == 204
    assert (await browser.get("/api/session")).status_code == 401
    async with site.desk.database.reading() as db:
        row = (await db.execute(select(accounts).where(accounts.c.id == person.id))).one()
        assert (row.email, row.username, row.status) == (None, None, "closed")
        assert (await db.execute(select(passwords))).first() is None
        assert "ann@example.org" not in repr((await db.execute(select(audit_personal.c.email))).all())
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 401


@pytest.mark.parametrize("again", [True, False])
async def test_a_closed_address_is_free_again(site: Site, again: bool) -> None:
    await site.person()
    browser = await site.signed_in()
    await browser.post("/api/account/close", json={"password": PASSWORD})
    if again:
        assert (await site.person()).status == "active"
