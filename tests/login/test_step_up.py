"""Confirming that it is you: fresh by the password, within its limits, and only in a session that goes on."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import FreshSignInNeeded, InvalidCredentials, SessionEnded, TooManyAttempts
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.policy import Wanted
from coatcheck.login.sign_in import Admitted
from coatcheck.login.step_up import MOST
from coatcheck.login.with_password import step_up_with_password
from coatcheck.verifier import Demand, Principal, refusal
from tests.attacks.census import row_counts
from tests.site import PASSWORD, VISIT, Site, open_site, submit

AAL2 = Wanted(acr="aal2")
FRESH = Demand(fresh=timedelta(minutes=5))


async def inside(site: Site, password: str | None = PASSWORD) -> Principal:
    """Let Ann in and give her as the gate does."""
    admitted = await site.let_in(await site.person(password=password))
    return await check_cookie(site.desk, admitted.secret.reveal())


async def test_fresh_again_for_as_long_as_is_demanded(site: Site) -> None:
    principal = await inside(site)
    site.clock.advance(timedelta(minutes=5, milliseconds=1))
    assert isinstance(refusal(FRESH, principal, site.desk.now()), FreshSignInNeeded)
    admitted = await step_up_with_password(site.desk, VISIT, principal, password=PASSWORD)
    assert isinstance(admitted, Admitted)
    fresh = await check_cookie(site.desk, admitted.secret.reveal())
    assert refusal(FRESH, fresh, site.desk.now()) is None
    assert (fresh.session, fresh.amr) == (principal.session, ("pwd",))
    site.clock.advance(timedelta(minutes=5))
    assert refusal(FRESH, fresh, site.desk.now()) is None
    site.clock.advance(timedelta(milliseconds=1))
    assert isinstance(refusal(FRESH, fresh, site.desk.now()), FreshSignInNeeded)


@pytest.mark.parametrize("password", ["not mine at all", "", PASSWORD.upper()])
async def test_a_wrong_password_raises_nothing(site: Site, password: str) -> None:
    principal = await inside(site)
    site.clock.advance(timedelta(minutes=6))
    with pytest.raises(InvalidCredentials):
        await step_up_with_password(site.desk, VISIT, principal, password=password)
    entry = (await show(site.desk, account=principal.subject))[0]
    assert (entry.event, entry.outcome) == ("step_up.refused", "refused")
    assert isinstance(refusal(FRESH, principal, site.desk.now()), FreshSignInNeeded)
    assert await show(site.desk, event="step_up.done") == []


async def test_an_account_without_a_password_has_none_to_confirm_with(site: Site) -> None:
    principal = await inside(site, password=None)
    for password in ("", PASSWORD):
        with pytest.raises(InvalidCredentials):
            await step_up_with_password(site.desk, VISIT, principal, password=password)


async def test_guesses_are_limited_as_at_sign_in(site: Site) -> None:
    principal = await inside(site)
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            await step_up_with_password(site.desk, VISIT, principal, password="not mine at all")
    with pytest.raises(TooManyAttempts) as blocked:
        await step_up_with_password(site.desk, VISIT, principal, password=PASSWORD)
    site.clock.advance(timedelta(seconds=blocked.value.retry_after))
    admitted = await step_up_with_password(site.desk, VISIT, principal, password=PASSWORD)
    assert isinstance(admitted, Admitted)
    assert admitted.session.id == principal.session


async def test_not_in_a_session_that_ended(site: Site) -> None:
    principal = await inside(site)
    session = principal.session or ""
    await end_session(site.desk, VISIT, account=principal.subject, session=session, actor=principal.subject)
    with pytest.raises(SessionEnded):
        await step_up_with_password(site.desk, VISIT, principal, password=PASSWORD)


async def test_a_session_begins_only_so_many(every_site: Site) -> None:
    """Each waits for ten minutes in the ephemeral store, which nothing else bounds."""
    site = every_site
    await site.person()
    browser, other = await site.signed_in(), await site.signed_in()
    begun = await asyncio.gather(*(browser.post("/api/step-up") for _ in range(MOST + 20)))
    assert sorted(each.status_code for each in begun) == [200] * MOST + [429] * 20
    for each in [answer.json() for answer in begun if answer.status_code == 200][:2]:  # tabs beside each other
        body = {"continuation": each["continuation"], "password": PASSWORD}
        assert (await browser.post(f"/api/sign-in/{each['sign_in']}/password", json=body)).status_code == 200
    assert (await browser.post("/api/step-up")).status_code == 429
    assert (await row_counts(site))["audit_tallies"] == 1, "a flood leaves one row a minute"
    assert (await other.post("/api/step-up")).status_code == 200, "another session has its own"
    page = await submit(browser, "/sign-in?confirm=1", "/sign-in/mail-code", confirming="true")
    assert page.status_code == 429


async def test_after_ten_minutes_it_begins_more(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    begun = [(await browser.post("/api/step-up")).status_code for _ in range(MOST + 1)]
    assert begun[-2:] == [200, 429]
    site.clock.advance(timedelta(minutes=10))
    assert (await browser.post("/api/step-up")).status_code == 200


async def test_not_without_a_session(site: Site) -> None:
    """Else what was begun as a step-up would open a session, or raise none."""
    made = await site.person()
    with pytest.raises(SessionEnded):
        await step_up_with_password(site.desk, VISIT, Principal(subject=made.id), password=PASSWORD)
    assert (await row_counts(site))["sessions"] == 0


async def test_not_for_an_account_that_is_not_there(site: Site) -> None:
    with pytest.raises(SessionEnded):
        await step_up_with_password(site.desk, VISIT, Principal(subject="acc_none"), password=PASSWORD)


async def test_tokens_of_before_are_refused_and_the_next_ones_say_it(site: Site) -> None:
    await site.person()
    client = site.machine()
    in_tokens = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    first = (await client.post("/api/sign-in", json=in_tokens)).json()
    site.clock.advance(timedelta(minutes=6))
    await site.follow_log()
    old = {"authorization": f"Bearer {first['access_token']}"}
    begun = (await client.post("/api/step-up", json={"acr": "aal1"}, headers=old)).json()
    assert (begun["status"], begun["options"]) == ("more_needed", ["password"])
    path, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    raised = await client.post(path, json={**body, "password": PASSWORD}, headers=old)
    assert (raised.status_code, raised.json()["status"]) == (200, "admitted")
    assert "access_token" not in raised.json(), "a step-up gives nothing away: the client refreshes"
    refused = await client.get("/api/session", headers=old)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token"), "not session_ended: it refreshes"
    again = (await client.post("/api/token/refresh", json={"refresh_token": first["refresh_token"]})).json()
    said = (await client.get("/api/session", headers={"authorization": f"Bearer {again['access_token']}"})).json()
    assert said["session"]["id"] == first["session"]["id"]
    assert said["session"]["auth_time"] == raised.json()["session"]["auth_time"] > first["session"]["auth_time"]


async def test_the_page_offers_what_the_account_has(tmp_path: Path) -> None:
    sign_in_by = {"email_codes": True}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=sign_in_by) as site:
        made = await site.person(password=None)
        browser = await with_cookie(site, await site.let_in(made))
        async with site.desk.database.writing() as tx:
            await accounts.set_factors(tx, made.id, {"passkey"})
        before = await row_counts(site)
        shown = (await browser.get("/sign-in?confirm=1&acr=aal2&return_to=/account")).text
        assert "Confirm with a passkey" in shown
        assert "Mail me a code" in shown
        assert 'type="password"' not in shown
        assert await row_counts(site) == before, "nothing is begun by looking"
        phr = (await browser.get("/sign-in?confirm=1&acr=phr&return_to=/account")).text
        assert ("Confirm with a passkey" in phr, "Mail me" in phr) == (True, False)


async def with_cookie(site: Site, admitted: Admitted) -> httpx.AsyncClient:
    """Open a browser that is signed in."""
    browser = site.browser()
    browser.cookies.set("__Host-coatcheck", admitted.secret.reveal())
    return browser
