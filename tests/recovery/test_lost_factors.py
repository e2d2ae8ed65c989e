"""Reporting the loss of every second factor: who may, and that nothing but a mail comes of it."""

import pytest

from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import BadInput, SignInGone, TooManyAttempts
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.prove import Step
from coatcheck.login.transactions import look
from coatcheck.recovery.lost_factors import ASKS_PER_HOUR, ask_for_factor_recovery, look_at_lost_factors
from tests.recovery.lost import ANN, APP, enrolled, is_waiting, mailed, rows_kept, stopped
from tests.site import ORIGIN, VISIT, Site, submit


async def test_a_link_goes_to_the_stored_address_and_the_sign_in_waits(site: Site) -> None:
    ann = await enrolled(site)
    step = await stopped(site)
    await ask_for_factor_recovery(site.desk, VISIT, step)
    mails = await site.mails()
    assert [mail.to for mail in mails] == [ANN]
    assert f"{ORIGIN}/recover/factors/begin?token={await mailed(site, 'begin')}" in mails[0].text
    assert (await look(site.desk, step.sign_in, step.continuation)).account == ann.id, "a factor may still be found"
    assert not await is_waiting(site)
    assert await rows_kept(site) == [1, 1, 1, 1]
    assert [entry.event for entry in await show(site.desk, account=ann.id, limit=1)] == ["recovery.factors_asked"]


async def test_by_the_call(site: Site) -> None:
    await enrolled(site)
    browser = site.browser()
    step = await stopped(site, browser)
    path = f"/api/sign-in/{step.sign_in}/lost_factors"
    assert (await browser.post(path, json={"continuation": "of somebody else"})).status_code == 410
    answer = await browser.post(path, json={"continuation": step.continuation})
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})


async def test_on_the_pages(site: Site) -> None:
    await enrolled(site, factors=APP)
    browser = site.browser()
    there = await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password="seven quiet lanterns drift")
    step = await browser.get(there.headers["location"])
    assert "I lost all of these" in step.text
    assert "I lost my" not in step.text
    sign_in_id = there.headers["location"].split("sign_in=")[1].split("&")[0]
    page = f"/sign-in/lost-factors?sign_in={sign_in_id}"
    assert "We wait 3 days" in (await browser.get(page)).text
    assert await site.mails() == [], "nothing happens by looking"
    assert (await site.browser().get(page)).status_code == 410, "another browser has no part in it"
    sent = await submit(browser, page, "/sign-in/lost-factors", sign_in=sign_in_id)
    assert (sent.status_code, "Check your mail" in sent.text) == (200, True)
    assert await mailed(site, "begin")


async def test_a_sign_in_that_proved_nothing_may_not(site: Site) -> None:
    await enrolled(site)
    begun = await begin_sign_in(site.desk, VISIT, identifier=ANN)
    for flow in (
        look_at_lost_factors(site.desk, _step(begun)),
        ask_for_factor_recovery(site.desk, VISIT, _step(begun)),
    ):
        with pytest.raises(BadInput):
            await flow
    assert await site.mails() == []


async def test_nor_one_whose_account_changed(site: Site) -> None:
    ann = await enrolled(site)
    step = await stopped(site)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    with pytest.raises(SignInGone):
        await ask_for_factor_recovery(site.desk, VISIT, step)
    assert await site.mails() == []


async def test_is_limited_for_whoever_asks(site: Site) -> None:
    await enrolled(site)
    step = await stopped(site)
    for _ in range(ASKS_PER_HOUR):
        await ask_for_factor_recovery(site.desk, VISIT, step)
    with pytest.raises(TooManyAttempts):
        await ask_for_factor_recovery(site.desk, VISIT, step)
    assert len(await site.mails(ANN)) == 3, "one mailbox gets three an hour, and the answer says nothing of it"


def _step(begun: object) -> Step:
    return Step(begun.sign_in, begun.continuation.reveal())  # type: ignore[attr-defined]
