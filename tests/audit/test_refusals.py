"""What is refused leaves a trace: a wrong password its own row, what a limit refuses one row a minute for each key."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from sqlalchemy import func, select

from coatcheck.audit.show import show
from coatcheck.errors import BadInput, InvalidCredentials, TooManyAttempts
from coatcheck.limits import tries
from coatcheck.login import begin
from coatcheck.login.own_password import prove_own_password
from coatcheck.login.with_password import step_up_with_password
from coatcheck.my_account import change_email
from coatcheck.recovery import ask as recovery
from coatcheck.signup import ask as signup
from coatcheck.storage.tables.audit import audit_tallies
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from tests.site import PASSWORD, Site, sign_in

Flow: TypeAlias = Callable[[Site, Visit, Principal], Awaitable[object]]
WRONG = "not mine at all"


async def tallied(site: Site) -> list[tuple[str, str | None, int, int]]:
    """Give each event that was counted of each account, how often, and in how many rows."""
    of = (audit_tallies.c.event, audit_tallies.c.account)
    query = select(*of, func.sum(audit_tallies.c.count), func.count()).group_by(*of).order_by(*of)
    async with site.desk.database.reading() as db:
        return [(row[0], row[1], int(row[2]), row[3]) for row in await db.execute(query)]


async def test_wrong_passwords_at_a_sign_ups_confirmation(site: Site) -> None:
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    body = {"token": await site.token(), "password": WRONG}
    elsewhere = site.browser(address="198.51.100.4")
    codes = [(await elsewhere.post("/api/sign-up/confirm", json=body)).json()["code"] for _ in range(8)]
    assert codes == ["invalid_credentials"] * 5 + ["too_many_attempts"] * 3
    rows = await show(site.desk, event="sign_up.refused")
    assert [(row.email, row.address) for row in rows] == [("ann@example.org", "198.51.100.4")] * 5
    assert await tallied(site) == [("sign_up.blocked", None, 3, 1)]


async def step_up(site: Site, visit: Visit, ann: Principal) -> None:
    await step_up_with_password(site.desk, visit, ann, password=WRONG)


async def own_password(site: Site, visit: Visit, ann: Principal) -> None:
    await prove_own_password(site.desk, visit, ann, password=WRONG)


@pytest.mark.parametrize(("flow", "event"), [(step_up, "step_up"), (own_password, "password")])
async def test_blocked_guesses_of_somebody_signed_in(site: Site, flow: Flow, event: str) -> None:
    ann = Principal(subject=(await site.person()).id, session="ses_some")
    for _ in range(5):
        with pytest.raises((InvalidCredentials, BadInput)):
            await flow(site, Visit(address="203.0.113.7"), ann)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            await flow(site, Visit(address="203.0.113.7"), ann)
    assert len(await show(site.desk, event=f"{event}.refused")) == 5
    assert await tallied(site) == [(f"{event}.blocked", ann.subject, 3, 1)]


async def ask_to_sign_up(site: Site, visit: Visit, ann: Principal) -> None:
    await signup.ask_to_sign_up(site.desk, visit, email="x@example.org", password=PASSWORD)


async def ask_for_recovery(site: Site, visit: Visit, ann: Principal) -> None:
    await recovery.ask_for_recovery(site.desk, visit, email="x@example.org")


async def begin_sign_in(site: Site, visit: Visit, ann: Principal) -> None:
    await begin.begin_sign_in(site.desk, visit, identifier="x@example.org")


async def ask_to_change_email(site: Site, visit: Visit, ann: Principal) -> None:
    await change_email.ask_to_change_email(site.desk, visit, ann, password=PASSWORD, new_email="x@example.org")


ASKS: list[tuple[Flow, str, int, str]] = [
    (ask_to_sign_up, "sign-up", signup.ASKS_PER_HOUR, "sign_up.blocked"),
    (ask_for_recovery, "recovery", recovery.ASKS_PER_HOUR, "recovery.blocked"),
    (begin_sign_in, "begin a sign-in", begin.BEGUN_PER_HOUR, "sign_in.blocked"),
    (ask_to_change_email, "email change", change_email.ASKS_PER_HOUR, "email.change_blocked"),
]


@pytest.mark.parametrize(("flow", "what", "per_hour", "event"), ASKS, ids=[ask[1] for ask in ASKS])
async def test_asking_too_often(site: Site, flow: Flow, what: str, per_hour: int, event: str) -> None:
    """All but the last asking is spent as the flows spend it; addresses of one network are one caller."""
    account = await site.person()
    ann = Principal(subject=account.id, session=(await site.let_in(account)).session.id)
    visits = [Visit(address=f"2001:db8::{number}") for number in range(1, 5)]
    for _ in range(per_hour - 1):
        await tries.spend_address(site.desk, visits[0], what=what, per_hour=per_hour)
    await flow(site, visits[0], ann)
    assert await tallied(site) == []
    for visit in visits:
        with pytest.raises(TooManyAttempts):
            await flow(site, visit, ann)
    whose = ann.subject if flow is ask_to_change_email else None
    assert await tallied(site) == [(event, whose, 4, 1)]


async def test_a_flood_of_names_is_one_row(site: Site) -> None:
    """Whoever is blocked tries name after name: names without an account are counted together."""
    browser = site.browser()
    statuses = [(await sign_in(browser, f"x{number}@example.org", WRONG)).status_code for number in range(60)]
    assert statuses == [401] * 50 + [429] * 10
    assert await tallied(site) == [("sign_in.blocked", None, 10, 1)]
