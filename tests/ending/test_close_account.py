"""Closing an account: what names the person is gone, and the address is free again."""

import pytest
from sqlalchemy import select

from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.audit import audit_personal
from coatcheck.storage.tables.passwords import passwords
from tests.site import PASSWORD, Site, sign_in


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
