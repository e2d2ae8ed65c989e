"""Resetting somebody's second factors: by an administrator who has just proven who they are, and never one's own."""

from datetime import timedelta

import pytest

from coatcheck.admin.reset_factors import reset_factors
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.errors import Conflict, NotFound
from coatcheck.passwords.choose import choose_password, store_password
from tests.recovery.lost import A_SECOND, ANN, FACTORS, begun, enrolled, fully_in, is_waiting, rows_kept
from tests.site import PASSWORD, VISIT, Site, sign_in, submit


async def test_removes_all_and_ends_all(site: Site) -> None:
    ann = await enrolled(site)
    secret = (await fully_in(site, ann)).secret.reveal()
    await begun(site)
    site.clock.advance(A_SECOND)
    await reset_factors(site.desk, VISIT, account=ann.id, actor="operator")
    assert await rows_kept(site) == [0, 0, 0, 0]
    assert not await is_waiting(site)
    inside = site.browser(headers={"cookie": f"__Host-coatcheck={secret}"})
    assert (await inside.get("/api/session")).json()["code"] == "session_ended"
    entry = (await show(site.desk, account=ann.id, limit=1))[0]
    assert (entry.event, entry.actor) == ("account.factors_reset", "operator")
    assert entry.details == {"factors": " ".join(FACTORS), "sessions": 1}
    told = (await site.mails(ANN))[0]
    assert "Somebody who runs this site removed them" in " ".join(told.text.split())
    assert (await sign_in(site.browser(), ANN, PASSWORD)).json()["status"] == "admitted"


async def test_on_the_console(site: Site) -> None:
    ann, admin = await enrolled(site), await site.administrator()
    page = f"/admin/accounts/{ann.id}"
    assert "Authenticator app · Passkeys · Backup codes" in (await admin.get(page)).text
    assert (await submit(admin, page, f"{page}/reset-factors")).status_code == 303
    assert "Remove all" not in (await admin.get(f"{page}?done=reset-factors")).text
    assert await rows_kept(site) == [0, 0, 0, 0]


async def test_takes_a_fresh_sign_in(site: Site) -> None:
    ann, admin = await enrolled(site), await site.administrator()
    site.clock.advance(timedelta(minutes=6))
    page = f"/admin/accounts/{ann.id}"
    asked = await submit(admin, page, f"{page}/reset-factors")
    assert (asked.status_code, asked.headers["location"].partition("&")[0]) == (303, "/sign-in?confirm=1")
    assert await rows_kept(site) == [1, 1, 1, 1]


async def test_not_by_others(site: Site) -> None:
    ann = await enrolled(site)
    await site.person("ben@example.org")
    ben = await site.signed_in("ben@example.org")
    refused = await submit(ben, "/account", f"/admin/accounts/{ann.id}/reset-factors")
    assert refused.status_code == 403
    assert await rows_kept(site) == [1, 1, 1, 1]


async def test_never_ones_own(site: Site) -> None:
    ann = await enrolled(site)
    with pytest.raises(Conflict):
        await reset_factors(site.desk, VISIT, account=ann.id, actor=ann.id)
    assert await rows_kept(site) == [1, 1, 1, 1]


async def test_what_is_not_there(site: Site) -> None:
    ann = await site.person(password=None)
    with pytest.raises(Conflict):
        await reset_factors(site.desk, VISIT, account=ann.id, actor="operator")
    await close_account(site.desk, VISIT, account=ann.id, actor="operator")
    for gone in (ann.id, "acc_none"):
        with pytest.raises(NotFound):
            await reset_factors(site.desk, VISIT, account=gone, actor="operator")


async def test_a_short_password_goes_too(site: Site) -> None:
    ann = await enrolled(site)
    chosen = await choose_password(site.desk, "tin opener", context=(), has_second_factor=True)
    async with site.desk.database.writing() as tx:
        await store_password(tx, ann.id, chosen, site.desk.now())
    await reset_factors(site.desk, VISIT, account=ann.id, actor="operator")
    assert (await sign_in(site.browser(), ANN, "tin opener")).status_code == 401
    assert "choose a longer one" in " ".join((await site.mails(ANN))[0].text.split())
