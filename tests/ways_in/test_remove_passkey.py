"""Removing a passkey: audited and told, never the only way in, and never two at once the last two."""

import asyncio

import httpx
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.audit.show import show
from coatcheck.passwords import records as passwords
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, add, ann_with, begin, by_password, prove, sign_in_by, start
from tests.site import PASSWORD, Site, submit


async def ids(browser: httpx.AsyncClient) -> list[str]:
    return [each["id"] for each in (await browser.get("/api/passkeys")).json()["passkeys"]]


async def test_removed_audited_and_told(every_site: Site) -> None:
    device = Device()
    browser = await ann_with(every_site, device)
    await sign_in_by(browser, device)
    [passkey] = await ids(browser)
    assert (await browser.delete(f"/api/passkeys/{passkey}")).status_code == 204
    assert await ids(browser) == []
    assert len(await show(every_site.desk, event="passkey.removed")) == 1
    assert "A passkey was removed from your account at Coatcheck" in [
        each.subject for each in await every_site.mails(ANN)
    ]
    assert (await by_password(every_site.browser()))["status"] == "admitted"
    assert (await browser.get("/api/session")).status_code == 200, "its own session goes on"


async def test_other_sessions_end_with_it(site: Site) -> None:
    """Who takes a lost phone's passkey away is rid of whoever used it: its last one, and one of several."""
    lost, kept = Device(), Device()
    browser = await ann_with(site, lost)
    await sign_in_by(browser, lost)
    await add(browser, kept)
    for left in await ids(browser):
        await sign_in_by(browser, kept)
        elsewhere = site.browser()
        await sign_in_by(elsewhere, kept)
        assert (await browser.delete(f"/api/passkeys/{left}")).status_code == 204
        assert (await elsewhere.get("/api/session")).status_code == 401
        assert (await browser.get("/api/session")).status_code == 200


async def test_a_pending_sign_in_by_it_is_void(site: Site) -> None:
    device = Device()
    browser, other = await ann_with(site, device), site.browser()
    await sign_in_by(browser, device)
    needed = await by_password(other)
    credential = device.use(await start(other, needed))
    [passkey] = await ids(browser)
    assert (await browser.delete(f"/api/passkeys/{passkey}")).status_code == 204
    assert (await prove(other, needed, credential)).status_code == 401
    assert (await begin(other, ANN))["status"] == "more_needed"


async def test_a_password_too_short_to_stand_alone_keeps_it(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    await sign_in_by(browser, device)
    change = {"password": PASSWORD, "new_password": "nine char"}
    assert (await browser.post("/api/account/password", json=change)).status_code == 204, "beside a passkey it may be"
    await sign_in_by(browser, device)
    [passkey] = await ids(browser)
    refused = await browser.delete(f"/api/passkeys/{passkey}")
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["password"])
    assert await ids(browser) == [passkey]
    longer = {"password": "nine char", "new_password": "other words of mine"}
    assert (await browser.post("/api/account/password", json=longer)).status_code == 204
    await sign_in_by(browser, device)
    assert (await browser.delete(f"/api/passkeys/{passkey}")).status_code == 204


async def test_the_only_way_in_stays(site: Site) -> None:
    first, second = Device(), Device()
    browser = await ann_with(site, first)
    await sign_in_by(browser, first)
    await add(browser, second)
    async with site.desk.database.writing() as tx:
        account = await accounts.find(tx, (await show(site.desk, event="passkey.added"))[0].account or "")
        assert account is not None
        await passwords.remove(tx, account.id)
    one, other = await ids(browser)
    assert (await browser.delete(f"/api/passkeys/{one}")).status_code == 204
    refused = await browser.delete(f"/api/passkeys/{other}")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_way_in")
    assert await ids(browser) == [other]
    page = f"/account/ways-in/passkeys/{other}"
    shown = await submit(browser, page, f"{page}/remove")
    assert shown.status_code == 409
    assert "This is the only way into your account" in shown.text


@pytest.mark.parametrize("times", range(3))
async def test_two_removed_at_once_leave_one(every_site: Site, times: int) -> None:
    first, second = Device(), Device()
    browser = await ann_with(every_site, first)
    await sign_in_by(browser, first)
    added = (await add(browser, second)).json()
    account = (await show(every_site.desk, event="passkey.added"))[0].account or ""
    async with every_site.desk.database.writing() as tx:
        await passwords.remove(tx, account)
    both = await ids(browser)
    assert added["id"] in both
    answers = await asyncio.gather(*(browser.delete(f"/api/passkeys/{each}") for each in both))
    assert sorted(each.status_code for each in answers) == [204, 409], times
    assert len(await ids(browser)) == 1
