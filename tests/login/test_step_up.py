"""Confirming that it is you: fresh by the password, within its limits, and only in a session that goes on."""

from datetime import timedelta

import pytest

from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import FreshSignInNeeded, InvalidCredentials, SessionEnded, TooManyAttempts
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_password import step_up_with_password
from coatcheck.verifier import Demand, Principal, refusal
from tests.site import PASSWORD, VISIT, Site

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


async def test_not_for_an_account_that_is_not_there(site: Site) -> None:
    with pytest.raises(SessionEnded):
        await step_up_with_password(site.desk, VISIT, Principal(subject="acc_none"), password=PASSWORD)
