"""Finishing a recovery of second factors: all of them go at once, everybody is out, and nobody is let in by it."""

from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.access.names import ADMIN
from coatcheck.accounts.account import Account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, Gone, TooManyAttempts
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.recovery.remove_lost import look_at_lost_removal, remove_lost_factors
from tests.recovery.lost import (
    A_SECOND,
    ANN,
    FACTORS,
    HALF,
    UNTOUCHED,
    as_now,
    begun,
    due,
    enrolled,
    fully_in,
    is_waiting,
    mailed,
    rows_kept,
    stopped,
    tell,
)
from tests.site import PASSWORD, VISIT, Site, open_site, sign_in, submit

SHORT, LONG = "tin opener", "entirely other words today"


async def test_removes_all_ends_all_and_lets_nobody_in(site: Site) -> None:
    ann = await enrolled(site)
    secret = (await fully_in(site, ann)).secret.reveal()
    token = await due(site)
    site.clock.advance(A_SECOND)
    await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    assert await rows_kept(site) == [0, 0, 0, 0]
    assert not await is_waiting(site)
    after = await as_now(site, ann)
    assert (after.factors, after.epoch) == (frozenset(), ann.epoch + 1)
    inside = site.browser(headers={"cookie": f"__Host-coatcheck={secret}"})
    assert (await inside.get("/api/session")).json()["code"] == "session_ended"
    entry = (await show(site.desk, account=ann.id, limit=1))[0]
    details = {"factors": " ".join(FACTORS), "sessions": 1, "api_keys": 0}
    assert (entry.event, entry.details) == ("recovery.factors_done", details)
    assert "were removed" in (await site.mails(ANN))[0].text
    assert (await sign_in(site.browser(), ANN, PASSWORD)).json()["status"] == "admitted"


async def test_on_the_pages(site: Site) -> None:
    await enrolled(site)
    token, browser = await due(site), site.browser()
    page, action = f"/recover/factors/finish?token={token}", "/recover/factors/finish"
    assert "New password" not in (await browser.get(page)).text
    wrong = await submit(browser, page, action, token=token, password="wrong in every way")
    assert (wrong.status_code, "not the password" in wrong.text) == (422, True)
    done = await submit(browser, page, action, token=token, password=PASSWORD)
    assert (done.status_code, "are removed" in done.text) == (200, True)
    assert (await browser.get("/api/session")).status_code == 401, "it opened no session"
    assert (await browser.get(page)).status_code == 410
    again = await browser.post("/api/recover/factors/finish", json={"token": token, "password": PASSWORD})
    assert again.status_code == 410


async def test_only_from_when_it_is_due_and_for_a_week(site: Site) -> None:
    await enrolled(site)
    token = await due(site)
    await look_at_lost_removal(site.desk, token=token)
    site.clock.advance(timedelta(days=7))
    with pytest.raises(Gone):
        await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    await begun(site)
    with pytest.raises(Gone):
        await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    assert await rows_kept(site) == UNTOUCHED


async def test_its_password_is_guessed_within_the_limits(site: Site) -> None:
    await enrolled(site)
    token = await due(site)
    for _ in range(5):
        with pytest.raises(BadInput):
            await remove_lost_factors(site.desk, VISIT, token=token, password="wrong in every way")
    with pytest.raises(TooManyAttempts):
        await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    refusals = await show(site.desk, event="recovery.refused")
    assert len(refusals) == 5


async def test_a_short_password_is_replaced(site: Site) -> None:
    ann = await enrolled(site)
    await give(site, ann, SHORT)
    token = await due_with(site, SHORT)
    assert await look_at_lost_removal(site.desk, token=token)
    for number in range(6):
        new = None if number % 2 else SHORT
        with pytest.raises(BadInput) as refused:
            await remove_lost_factors(site.desk, VISIT, token=token, password=SHORT, new_password=new)
        assert list(refused.value.fields) == ["new_password"], "and the right password cost no try"
    await remove_lost_factors(site.desk, VISIT, token=token, password=SHORT, new_password=LONG)
    assert (await sign_in(site.browser(), ANN, SHORT)).status_code == 401
    assert (await sign_in(site.browser(), ANN, LONG)).json()["status"] == "admitted"


async def test_nobody_is_lifted_to_what_a_role_asks_for(tmp_path: Path) -> None:
    levels = {"role_levels": ["admin = aal2"]}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=levels) as site:
        ann = await enrolled(site)
        await create_role(site.desk, VISIT, role=ADMIN, permissions=[], actor="operator")
        await grant_role(site.desk, VISIT, account=ann.id, role=ADMIN, actor="operator")
        await remove_lost_factors(site.desk, VISIT, token=await due(site), password=PASSWORD)
        answer = (await sign_in(site.browser(), ANN, PASSWORD)).json()
        assert answer["status"] == "more_needed", "the password opens no session of an administrator"


async def give(site: Site, account: Account, password: str) -> None:
    """Give an account that has a second factor a password that is too short without."""
    chosen = await choose_password(site.desk, password, context=(), has_second_factor=True)
    async with site.desk.database.writing() as tx:
        await store_password(tx, account.id, chosen, site.desk.now())


async def due_with(site: Site, password: str) -> str:
    """Wait until a recovery is due that was begun by another password; give the link that finishes it."""
    site.clock.advance(timedelta(seconds=1))
    step = await stopped(site, password=password)
    await site.browser().post(f"/api/sign-in/{step.sign_in}/lost_factors", json={"continuation": step.continuation})
    await site.browser().post("/api/recover/factors/begin", json={"token": await mailed(site, "begin")})
    for _ in range(2):
        site.clock.advance(HALF)
        await tell(site)
    return await mailed(site, "finish")
