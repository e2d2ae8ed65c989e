"""Recovery of second factors, attacked by whoever has less than it takes.

In many systems recovery is weaker than the factor that it replaces: a mailed link, or a word to the support, and the
second factor is gone (NIST SP 800-63B-4 section 4.2 therefore asks for two proofs that come different ways). Here it
takes the password, the mailbox, and a wait in which the owner is told three times and can stop it by any of the mails.
"""

from datetime import timedelta

import httpx
import pytest

from coatcheck.errors import BadInput, Gone, SignInGone
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted
from coatcheck.recovery.finish import finish_recovery
from coatcheck.recovery.lost_factors import ask_for_factor_recovery
from coatcheck.recovery.remove_lost import remove_lost_factors
from tests.recovery.lost import (
    A_SECOND,
    ANN,
    HALF,
    UNTOUCHED,
    as_now,
    asked,
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
from tests.site import PASSWORD, VISIT, Site, sign_in, submit

NEW = "entirely other words today"


async def test_by_the_mailbox_alone(site: Site) -> None:
    """The thief of a mailbox sets a password by it, then has what looks like both proofs: the mailbox twice."""
    await enrolled(site)
    await site.browser().post("/api/recover", json={"email": ANN})
    await finish_recovery(site.desk, VISIT, token=await site.token(ANN), new_password=NEW)
    step = await stopped(site, password=NEW)
    with pytest.raises(BadInput):
        await ask_for_factor_recovery(site.desk, VISIT, step)
    answer = await site.browser().post(
        f"/api/sign-in/{step.sign_in}/lost_factors", json={"continuation": step.continuation}
    )
    assert answer.status_code == 422
    assert await rows_kept(site) == UNTOUCHED


async def test_a_wait_that_runs_is_not_taken_over_by_the_mailbox(site: Site) -> None:
    """The owner waits; a thief who reads the mails sets a password by one and finishes in the place of the owner."""
    await enrolled(site)
    token = await due(site)
    site.clock.advance(A_SECOND)
    await site.browser().post("/api/recover", json={"email": ANN})
    await finish_recovery(site.desk, VISIT, token=await site.token(ANN), new_password=NEW)
    with pytest.raises(Gone):
        await remove_lost_factors(site.desk, VISIT, token=token, password=NEW)
    assert await rows_kept(site) == UNTOUCHED


async def test_once_a_factor_was_proven_the_password_counts_again(site: Site) -> None:
    """Whoever signs in with the new password and a second factor has shown that it is not the mailbox's alone."""
    ann = await enrolled(site)
    await site.browser().post("/api/recover", json={"email": ANN})
    await finish_recovery(site.desk, VISIT, token=await site.token(ANN), new_password=NEW)
    await fully_in(site, await as_now(site, ann))
    await ask_for_factor_recovery(site.desk, VISIT, await stopped(site, password=NEW))
    assert await mailed(site, "begin")


async def test_by_the_password_alone(site: Site) -> None:
    """Who knows the password may say that everything is lost, and has every answer of ours but the mail."""
    await enrolled(site)
    thief = site.browser()
    step = await stopped(site, thief)
    answer = await thief.post(f"/api/sign-in/{step.sign_in}/lost_factors", json={"continuation": step.continuation})
    assert answer.json() == {"status": "accepted"}
    site.clock.advance(timedelta(days=10))
    assert await tell(site) == 0
    for path in ("begin", "call-off", "finish"):
        for token in (step.continuation, step.sign_in, ""):
            body = {"token": token, **({"password": PASSWORD} if path == "finish" else {})}
            assert (await thief.post(f"/api/recover/factors/{path}", json=body)).status_code in {410, 422}
    assert not await is_waiting(site)
    assert await rows_kept(site) == UNTOUCHED


async def test_by_the_mails_of_a_wait_without_the_password(site: Site) -> None:
    """The mail that finishes it is read by somebody who does not know the password."""
    await enrolled(site)
    token = await due(site)
    for guess in ("", NEW):
        with pytest.raises(BadInput):
            await remove_lost_factors(site.desk, VISIT, token=token, password=guess)
    assert await rows_kept(site) == UNTOUCHED


async def test_by_a_stolen_session(site: Site) -> None:
    """Whoever has stolen a session steps up in it, and says there that the second factor is lost."""
    ann = await enrolled(site)
    stolen = with_session(site, await fully_in(site, ann))
    step = (await stolen.post("/api/step-up", json={})).json()
    for _ in range(2):
        answer = await stolen.post(
            f"/api/sign-in/{step['sign_in']}/lost_factors", json={"continuation": step["continuation"]}
        )
        assert answer.status_code == 422
        # The password too: a step-up is no sign-in, and its owner is signed in and can remove what is lost.
        body = {"continuation": step["continuation"], "password": PASSWORD}
        step = (await stolen.post(f"/api/sign-in/{step['sign_in']}/password", json=body)).json()
    assert await site.mails(ANN) == []


async def test_by_the_sign_in_of_another_browser(site: Site) -> None:
    """The id of a sign-in is no secret: it stands in the page's address."""
    await enrolled(site)
    step = await stopped(site)
    for continuation in ("", "x" * 32, step.sign_in):
        with pytest.raises(SignInGone):
            await ask_for_factor_recovery(site.desk, VISIT, Step(step.sign_in, continuation))
    assert await site.mails(ANN) == []


async def test_before_the_notices_had_their_time(site: Site) -> None:
    """With both proofs, but not the patience: no link finishes before the wait is over, and none is handed out."""
    await enrolled(site)
    first = await begun(site)
    site.clock.advance(HALF)
    await tell(site)
    site.clock.advance(HALF - A_SECOND)
    await tell(site)
    for token in (first, await mailed(site, "call-off")):
        with pytest.raises(Gone):
            await remove_lost_factors(site.desk, VISIT, token=token, password=PASSWORD)
    assert not [mail for mail in await site.mails(ANN) if "/factors/finish" in mail.text]
    assert await rows_kept(site) == UNTOUCHED


async def test_by_a_link_that_was_mailed_for_something_else(site: Site) -> None:
    """When the wait is over, the link that began it and the one that calls it off are older and easier to come by."""
    await enrolled(site)
    await due(site)
    for kind in ("begin", "call-off"):
        with pytest.raises(Gone):
            await remove_lost_factors(site.desk, VISIT, token=await mailed(site, kind), password=PASSWORD)
    assert await rows_kept(site) == UNTOUCHED


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_scanner_follows_every_link(site: Site, method: str) -> None:
    """Scanners of mail open its links: one would begin the wait, another call off what its owner waits for."""
    await enrolled(site)
    page = f"/recover/factors/begin?token={await asked(site)}"
    await site.machine().request(method, page)
    assert not await is_waiting(site)
    finish = await due(site)
    for path in ("call-off", "finish"):
        page = f"/recover/factors/{path}?token={await mailed(site, path)}&password={PASSWORD}"
        await site.machine().request(method, page)
        await site.machine().request(method, f"/api{page}")
    assert await is_waiting(site)
    assert await rows_kept(site) == UNTOUCHED
    await remove_lost_factors(site.desk, VISIT, token=finish, password=PASSWORD)


async def test_from_another_site(site: Site) -> None:
    """A foreign page sends the owner's browser to a form of ours: it has not the token of that browser."""
    await enrolled(site)
    token = await begun(site)
    foreign = site.browser(headers={"sec-fetch-site": "cross-site"})
    fields = {"token": token, "form_token": "0" * 64}
    assert (await foreign.post("/recover/factors/call-off", data=fields)).status_code == 403
    assert (await site.browser().post("/recover/factors/call-off", data=fields)).status_code == 403
    assert await is_waiting(site)


async def test_a_recovery_by_mail_leaves_the_second_factor(site: Site) -> None:
    """Recovery that opens a session, or forgets to ask for the second factor, is the usual way around it."""
    ann = await enrolled(site)
    browser = site.browser()
    await submit(browser, "/recover", "/recover", email=ANN)
    token = await site.token(ANN)
    page = f"/recover/new-password?token={token}"
    await submit(browser, page, "/recover/new-password", token=token, password=NEW)
    assert (await browser.get("/api/session")).status_code == 401
    assert (await sign_in(browser, ANN, NEW)).json()["status"] == "more_needed"
    assert (await browser.get("/api/session")).status_code == 401
    assert await rows_kept(site) == UNTOUCHED
    assert (await as_now(site, ann)).epoch > ann.epoch, "and browsers that were trusted are so no longer"


def with_session(site: Site, admitted: Admitted) -> httpx.AsyncClient:
    """Open a browser that has somebody's session."""
    browser = site.browser()
    browser.cookies.set("__Host-coatcheck", admitted.secret.reveal(), domain="auth.example.org")
    return browser
