"""Locking an account and unlocking it: what ends, what works again, and whom nobody can lock."""

import pytest

from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.errors import NotFound
from tests.site import PASSWORD, VISIT, Site, sign_in, submit


async def test_lock_unlock_and_end(site: Site) -> None:
    admin, person = await site.administrator(), await site.person()
    page = f"/admin/accounts/{person.id}"
    ann = await site.signed_in()
    assert (await submit(admin, page, f"{page}/lock")).status_code == 303
    assert (await ann.get("/api/session")).json()["code"] == "session_ended"
    assert (await sign_in(ann, "ann@example.org", PASSWORD)).status_code == 401
    assert (await submit(admin, page, f"{page}/unlock")).status_code == 303
    ann, other = await site.signed_in(), await site.signed_in()
    target = (await ann.get("/api/session")).json()["session"]["id"]
    await submit(admin, page, f"{page}/sessions/{target}/end")
    assert [(await browser.get("/api/session")).status_code for browser in (ann, other)] == [401, 200]
    await submit(admin, page, f"{page}/end-sessions")
    assert (await other.get("/api/session")).status_code == 401


async def test_unlocking_lifts_the_limits(site: Site) -> None:
    admin, person = await site.administrator(), await site.person()
    stranger = site.browser(address="198.51.100.77")
    for _ in range(6):
        last = await sign_in(stranger, "ann@example.org", "wrong in every way")
    assert last.status_code == 429
    page = f"/admin/accounts/{person.id}"
    await submit(admin, page, f"{page}/lock")
    await submit(admin, page, f"{page}/unlock")
    assert (await sign_in(stranger, "ann@example.org", PASSWORD)).status_code == 200


async def test_an_administrator_cannot_lock_themselves_out(site: Site) -> None:
    admin = await site.administrator()
    me = (await admin.get("/api/session")).json()["account"]["id"]
    page = f"/admin/accounts/{me}"
    assert (await submit(admin, page, f"{page}/lock")).status_code == 409
    assert (await submit(admin, page, f"{page}/roles", role="admin", action="revoke")).status_code == 422
    assert (await admin.get("/admin")).status_code == 200


@pytest.mark.parametrize("change", [lock_account, unlock_account])
@pytest.mark.parametrize("closed", [True, False])
async def test_an_account_that_is_not_there(site: Site, change: object, closed: bool) -> None:
    account = (await site.person(password=None)).id if closed else "acc_none"
    if closed:
        await close_account(site.desk, VISIT, account=account, actor="operator")
    with pytest.raises(NotFound):
        await change(site.desk, VISIT, account=account, actor="operator")  # type: ignore[operator]
    assert not {entry.event for entry in await show(site.desk)} & {"account.locked", "account.unlocked"}


async def test_is_written_down(site: Site) -> None:
    ann = await site.person(password=None)
    for _ in range(2):
        await site.let_in(ann)
    await lock_account(site.desk, VISIT, account=ann.id, actor="acc_root")
    await unlock_account(site.desk, VISIT, account=ann.id, actor="acc_root")
    events = [(entry.event, entry.actor, entry.details) for entry in await show(site.desk, account=ann.id, limit=2)]
    assert events == [("account.unlocked", "acc_root", {}), ("account.locked", "acc_root", {"sessions": 2})]
