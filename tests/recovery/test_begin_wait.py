"""Beginning the wait: by the mailed link alone, once, and what changes the account voids it."""

from datetime import timedelta

import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.audit.show import show
from coatcheck.clock import millis
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import Gone
from coatcheck.recovery.begin_wait import begin_wait, look_at_begin
from coatcheck.visit import Visit
from tests.recovery.lost import ANN, HALF, WAIT, asked, begun, enrolled, is_waiting, rows_kept, tell
from tests.site import ORIGIN, VISIT, Site, submit


async def test_begins_and_tells(site: Site) -> None:
    ann = await enrolled(site)
    token = await asked(site)
    await look_at_begin(site.desk, token=token)
    assert not await is_waiting(site), "nothing happens by looking"
    assert await begin_wait(site.desk, VISIT, token=token) == site.desk.now() + millis(WAIT)
    told = (await site.mails(ANN))[0]
    assert f"{ORIGIN}/recover/factors/call-off?token=" in told.text
    assert "finish" not in told.text
    assert await rows_kept(site) == [1, 1, 1, 1]
    assert (await show(site.desk, account=ann.id, limit=1))[0].event == "recovery.factors_begun"


async def test_on_the_pages(site: Site) -> None:
    await enrolled(site)
    browser, page = site.browser(), f"/recover/factors/begin?token={await asked(site)}"
    assert "Begin the wait?" in (await browser.get(page)).text
    done = await submit(browser, page, "/recover/factors/begin", token=page.split("=")[1])
    assert "2027-01-18 at 08:00 UTC" in done.text
    assert (await browser.get(page)).status_code == 410


async def test_by_the_call(site: Site) -> None:
    await enrolled(site)
    body = {"token": await asked(site)}
    answers = [await site.machine().post("/api/recover/factors/begin", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 410]
    assert answers[0].json()["status"] == "waiting"


async def test_the_link_works_for_a_quarter_of_an_hour(site: Site) -> None:
    await enrolled(site)
    token = await asked(site)
    site.clock.advance(timedelta(minutes=15))
    with pytest.raises(Gone):
        await begin_wait(site.desk, VISIT, token=token)


@pytest.mark.parametrize("change", [end_sessions, lock_account])
async def test_what_changes_the_account_voids_the_link(site: Site, change: object) -> None:
    ann = await enrolled(site)
    token = await asked(site)
    await change(site.desk, Visit(), account=ann.id, actor="operator")  # type: ignore[operator]
    with pytest.raises(Gone):
        await begin_wait(site.desk, VISIT, token=token)
    assert not await is_waiting(site)


async def test_asking_again_prolongs_nothing(site: Site) -> None:
    await enrolled(site)
    await begun(site)
    due_at = site.desk.now() + millis(WAIT)
    site.clock.advance(HALF)
    assert await begin_wait(site.desk, VISIT, token=await asked(site)) == due_at
    assert await tell(site) == 1, "and its notices come as they would have"


async def test_a_link_is_for_its_own_step(site: Site) -> None:
    await enrolled(site)
    token = await asked(site)
    for path in ("call-off", "finish"):
        body = {"token": token} if path == "call-off" else {"token": token, "password": "any"}
        assert (await site.machine().post(f"/api/recover/factors/{path}", json=body)).status_code == 410
    assert (
        await site.machine().post("/api/recover/new-password", json={"token": token, "new_password": "x" * 20})
    ).status_code == 410
