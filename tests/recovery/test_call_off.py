"""Calling a recovery off: by any of its mails, at once, and by whatever shows that the factors are not lost."""

from datetime import timedelta

import pytest

from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import Gone
from coatcheck.limits.counters import CODE
from coatcheck.login.factors import Factor, Proof
from coatcheck.login.prove import prove
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.login.who import Who
from coatcheck.recovery.begin_wait import begin_wait
from coatcheck.recovery.call_off import call_off
from coatcheck.recovery.finish import finish_recovery
from coatcheck.recovery.remove_lost import remove_lost_factors
from tests.recovery.lost import ANN, asked, begun, due, enrolled, is_waiting, mailed, rows_kept, stopped
from tests.site import PASSWORD, VISIT, Site, submit


async def test_calls_off(site: Site) -> None:
    ann = await enrolled(site)
    token = await due(site)
    await call_off(site.desk, VISIT, token=await mailed(site, "call-off"))
    assert not await is_waiting(site)
    with pytest.raises(Gone):
        await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    assert await rows_kept(site) == [1, 1, 1, 1]
    assert (await show(site.desk, account=ann.id, limit=1))[0].event == "recovery.factors_called_off"


async def test_on_the_pages_and_by_the_call(site: Site) -> None:
    await enrolled(site)
    browser, token = site.browser(), await begun(site)
    page = f"/recover/factors/call-off?token={token}"
    assert "Keep your second factors?" in (await browser.get(page)).text
    assert await is_waiting(site), "nothing happens by looking"
    assert "stay" in (await submit(browser, page, "/recover/factors/call-off", token=token)).text
    assert not await is_waiting(site)
    assert (await browser.get(page)).status_code == 410
    token = await begun(site)
    answers = [await site.machine().post("/api/recover/factors/call-off", json={"token": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 410]


async def test_it_may_be_begun_anew(site: Site) -> None:
    await enrolled(site)
    await call_off(site.desk, VISIT, token=await begun(site))
    await begin_wait(site.desk, VISIT, token=await asked(site))
    assert await is_waiting(site)


@pytest.mark.parametrize("factor", ["totp", "backup_code", "passkey"])
async def test_a_sign_in_with_a_second_factor_calls_it_off(site: Site, factor: Factor) -> None:
    ann = await enrolled(site)
    await begun(site)
    step = await stopped(site)

    async def judge(_sign_in: SignIn, _who: Who) -> Proof | None:
        return Proof(factor=factor)

    assert isinstance(await prove(site.desk, VISIT, step, factor, judge, limit=CODE), Admitted)
    assert not await is_waiting(site)
    assert (await show(site.desk, account=ann.id, limit=1))[0].event == "recovery.factors_called_off"


async def test_the_password_alone_does_not(site: Site) -> None:
    await enrolled(site)
    await begun(site)
    site.clock.advance(timedelta(hours=1))
    await stopped(site)
    assert await is_waiting(site)


async def test_a_new_password_and_ending_all_do(site: Site) -> None:
    ann = await enrolled(site)
    token = await due(site)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    with pytest.raises(Gone):
        await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    token = await due(site)
    site.clock.advance(timedelta(seconds=1))
    await site.browser().post("/api/recover", json={"email": ANN})
    await finish_recovery(site.desk, VISIT, token=await site.token(ANN), new_password="entirely other words today")
    with pytest.raises(Gone):
        await remove_lost_factors(site.desk, VISIT, token=token, password="entirely other words today")
    assert await rows_kept(site) == [1, 1, 1, 1]
