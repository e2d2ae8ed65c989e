"""Closing an account: what names the person is gone, and the address is free again."""

import pytest
from msgspec import structs
from sqlalchemy import select

from coatcheck.access import records as access
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.errors import NotFound
from coatcheck.limits import known_devices
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.audit import audit_personal
from coatcheck.storage.tables.passkeys import passkeys
from coatcheck.storage.tables.passwords import passwords
from tests.passkeys.device import Device
from tests.passkeys.people import ann_with, sign_in_by
from tests.recovery.lost import begun, enrolled, is_waiting, rows_kept
from tests.site import PASSWORD, VISIT, Site, sign_in


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


async def test_passkeys_go(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    assert (await sign_in_by(browser, device)).status_code == 200
    assert (await browser.post("/api/account/close", json={"password": PASSWORD})).status_code == 204
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(passkeys))).first() is None
    assert (await sign_in_by(site.browser(), device)).json()["code"] == "passkey_unknown"


@pytest.mark.parametrize("again", [True, False])
async def test_a_closed_address_is_free_again(site: Site, again: bool) -> None:
    await site.person()
    browser = await site.signed_in()
    await browser.post("/api/account/close", json={"password": PASSWORD})
    if again:
        assert (await site.person()).status == "active"


async def test_roles_and_devices_go_and_its_owner_is_told(site: Site) -> None:
    ann = await site.person(password=None)
    await create_role(site.desk, VISIT, role="editor", permissions=[], actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    device = (await site.let_in(ann)).known_device.reveal()
    await close_account(site.desk, VISIT, account=ann.id, actor="operator")
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, ann.id, site.desk.now()) == []
    assert not await known_devices.is_known(site.desk, structs.replace(VISIT, known=device), ann.id)
    assert [mail.to for mail in await site.mails()] == ["ann@example.org"]
    entry = (await show(site.desk, account=ann.id))[0]
    assert (entry.event, entry.actor, entry.details) == ("account.closed", "operator", {"sessions": 1, "api_keys": 0})


async def test_closes_once(site: Site) -> None:
    account = (await site.person(password=None)).id
    await close_account(site.desk, VISIT, account=account, actor=account)
    for gone in (account, "acc_none"):
        with pytest.raises(NotFound):
            await close_account(site.desk, VISIT, account=gone, actor=account)
    assert len(await site.mails()) == 1


async def test_second_factors_go(site: Site) -> None:
    ann = await enrolled(site)
    await begun(site)
    await close_account(site.desk, VISIT, account=ann.id, actor=ann.id)
    assert await rows_kept(site) == [0, 0, 0, 0]
    assert not await is_waiting(site)
    async with site.desk.database.reading() as db:
        row = (await db.execute(select(accounts.c.factors).where(accounts.c.id == ann.id))).one()
    assert row.factors == ""
