"""The one door: what it opens, what it writes down, and whom it turns away although they had proven who they are."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import InvalidCredentials, SessionEnded, TooManyAttempts
from coatcheck.gate.cookie import check_cookie
from coatcheck.limits import known_devices, tries
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded
from coatcheck.login.transactions import resume
from tests.attacks.census import row_counts
from tests.authenticators import with_app
from tests.recovery.lost import enrolled, fully_in
from tests.site import PASSWORD, PROVEN, VISIT, Site, open_site, proven, sign_in
from tests.statements import statements

TEN_SECONDS = timedelta(seconds=10)
MILLISECOND = timedelta(milliseconds=1)


async def raised(site: Site, admitted: Admitted, account: Account) -> Admitted:
    """Step up at the door, in the session that was admitted."""
    spent = await tries.spend(site.desk, VISIT, subject=account.id)
    again = await admit(site.desk, VISIT, replace(proven(account), session=admitted.session.id), spent)
    assert isinstance(again, Admitted)
    return again


async def is_in(site: Site, admitted: Admitted) -> bool:
    try:
        await check_cookie(site.desk, admitted.secret.reveal())
    except SessionEnded:
        return False
    return True


async def test_opens_a_session_of_what_was_proven(site: Site) -> None:
    ann = await site.person(username="ann", password=None)
    admitted = await site.let_in(ann)
    session, now = admitted.session, site.desk.now()
    assert (session.account, session.acr, session.amr) == (ann.id, "aal1", ("pwd",))
    assert (session.created_at, session.auth_time) == (now, now)
    assert (session.address, session.device) == ("203.0.113.7", "Firefox on Linux")
    assert (admitted.email, admitted.username) == ("ann@example.org", "ann")
    assert (await check_cookie(site.desk, admitted.secret.reveal())).session == session.id


@pytest.mark.parametrize(("remember_me", "idle", "in_all"), [(False, 1 / 24, 30), (True, 14, 90)])
async def test_lasts_as_it_was_asked_for(site: Site, remember_me: bool, idle: float, in_all: int) -> None:
    session = (await site.let_in(await site.person(password=None), asked_for=AskedFor(remember_me=remember_me))).session
    day, now = 86_400_000, site.desk.now()
    assert (session.expires_at - now, session.ends_at - now) == (round(idle * day), in_all * day)


async def test_is_written_down(site: Site) -> None:
    ann = await site.person(password=None)
    admitted = await site.let_in(ann)
    entry = (await show(site.desk, account=ann.id))[0]
    assert (entry.event, entry.outcome, entry.session) == ("sign_in.done", "done", admitted.session.id)
    assert (entry.actor, entry.address, entry.details) == (
        ann.id,
        "203.0.113.7",
        {"amr": "pwd", "because": "the password reached aal1"},
    )


async def test_makes_the_device_known_for_this_account_alone(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    device = (await site.let_in(ann)).known_device
    visit = structs.replace(VISIT, known=device.reveal())
    assert await known_devices.is_known(site.desk, visit, ann.id)
    assert not await known_devices.is_known(site.desk, visit, ben.id)
    assert (await site.let_in(ann, visit)).known_device == device, "a device that is known keeps its value"
    assert (await site.let_in(ben, visit)).known_device != device


async def test_success_clears_the_pair(site: Site) -> None:
    ann = await site.person(password=None)
    for _ in range(4):
        await tries.spend(site.desk, VISIT, subject=ann.id)
    await site.let_in(ann)
    for _ in range(5):
        await tries.spend(site.desk, VISIT, subject=ann.id)
    with pytest.raises(TooManyAttempts):
        await tries.spend(site.desk, VISIT, subject=ann.id)


async def test_a_refusal_clears_nothing(site: Site) -> None:
    ann = await site.person(password=None)
    for _ in range(4):
        await tries.spend(site.desk, VISIT, subject=ann.id)
    with pytest.raises(InvalidCredentials):
        await site.let_in(replace(ann, epoch=ann.epoch - 1))
    with pytest.raises(TooManyAttempts):
        await tries.spend(site.desk, VISIT, subject=ann.id)


async def lock(site: Site, account: str) -> None:
    await lock_account(site.desk, VISIT, account=account, actor="operator")


async def lock_and_unlock(site: Site, account: str) -> None:
    await lock(site, account)
    await unlock_account(site.desk, VISIT, account=account, actor="operator")


async def close(site: Site, account: str) -> None:
    await close_account(site.desk, VISIT, account=account, actor=account)


async def end_all(site: Site, account: str) -> None:
    await end_sessions(site.desk, VISIT, account=account, actor=account)


@pytest.mark.parametrize(
    ("meanwhile", "because"),
    [
        (end_all, "the account changed since the sign-in began"),
        (lock_and_unlock, "the account changed since the sign-in began"),
        (lock, "the account is locked or closed"),
        (close, "the account is locked or closed"),
    ],
)
async def test_what_changed_after_the_proof_voids_it(
    site: Site, meanwhile: Callable[[Site, str], Awaitable[None]], because: str
) -> None:
    ann = await site.person(password=None)
    sign_in, spent = proven(ann), await tries.spend(site.desk, VISIT, subject=ann.id)
    await meanwhile(site, ann.id)
    before = await row_counts(site)
    with pytest.raises(InvalidCredentials):
        await admit(site.desk, VISIT, sign_in, spent)
    after = await row_counts(site)
    grown = {name for name in after if after[name] != before[name]}
    assert grown == {"audit_events", "audit_personal"}, "a row in the trail, and no session, index or device"
    entry = (await show(site.desk, account=ann.id))[0]
    assert (entry.event, entry.outcome, entry.details) == ("sign_in.refused", "refused", {"because": because})


async def test_nobody_is_admitted_to_no_account(site: Site) -> None:
    ann = await site.person(password=None)
    spent = await tries.spend(site.desk, VISIT, subject=ann.id)
    with pytest.raises(InvalidCredentials):
        await admit(site.desk, VISIT, replace(proven(ann), account="acc_none"), spent)


async def test_without_a_proof_more_is_needed(site: Site) -> None:
    ann = await site.person(password=None)
    unproven = replace(proven(ann), proofs=())
    spent = await tries.spend(site.desk, VISIT, subject=ann.id)
    needed = await admit(site.desk, VISIT, unproven, spent)
    assert isinstance(needed, MoreNeeded)
    assert needed.options == ("passkey", "password")
    assert (await row_counts(site))["sessions"] == 0
    resumed = await resume(site.desk, needed.sign_in, needed.continuation.reveal())
    assert (resumed.id, resumed.account, resumed.proofs) == (unproven.id, ann.id, ())


async def test_raising_renews_the_proof_and_the_secret(site: Site) -> None:
    ann = await site.person(password=None)
    old = await site.let_in(ann)
    began = site.desk.now()
    site.clock.advance(timedelta(minutes=10))
    await site.follow_log()
    new = await raised(site, old, ann)
    assert new.session.id == old.session.id
    assert new.secret != old.secret
    principals = [await check_cookie(site.desk, each.secret.reveal()) for each in (old, new)]
    assert [each.auth_time for each in principals] == [began, site.desk.now()], "the old one stays at its old level"
    assert [each.session for each in principals] == [old.session.id] * 2
    entry = (await show(site.desk, account=ann.id))[0]
    assert (entry.event, entry.session) == ("step_up.done", old.session.id)


async def test_the_old_secret_works_ten_seconds_more(site: Site) -> None:
    ann = await site.person(password=None)
    old = await site.let_in(ann)
    new = await raised(site, old, ann)
    site.clock.advance(TEN_SECONDS)
    await site.follow_log()
    assert [await is_in(site, each) for each in (old, new)] == [True, True]
    site.clock.advance(MILLISECOND)
    assert [await is_in(site, each) for each in (old, new)] == [False, True]


async def test_raising_twice_leaves_one_old_secret(site: Site) -> None:
    ann = await site.person(password=None)
    first = await site.let_in(ann)
    second = await raised(site, first, ann)
    third = await raised(site, second, ann)
    assert [await is_in(site, each) for each in (first, second, third)] == [False, True, True]


async def test_success_at_raising_clears_the_pair(site: Site) -> None:
    ann = await site.person(password=None)
    admitted = await site.let_in(ann)
    for _ in range(4):
        await tries.spend(site.desk, VISIT, subject=ann.id)
    await raised(site, admitted, ann)
    for _ in range(5):
        await tries.spend(site.desk, VISIT, subject=ann.id)


async def test_the_session_of_another_account_is_not_raised(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    admitted = await site.let_in(ben)
    with pytest.raises(SessionEnded):
        await raised(site, admitted, ann)
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    assert (principal.subject, principal.auth_time) == (ben.id, admitted.session.auth_time)


async def test_an_ended_session_is_not_raised(site: Site) -> None:
    ann = await site.person(password=None)
    admitted = await site.let_in(ann)
    await end_session(site.desk, VISIT, account=ann.id, session=admitted.session.id, actor=ann.id)
    spent = await tries.spend(site.desk, VISIT, subject=ann.id)
    with pytest.raises(SessionEnded):
        await admit(site.desk, VISIT, replace(proven(ann), session=admitted.session.id), spent)
    assert (await row_counts(site))["sessions"] == 0


async def test_raising_is_void_when_the_account_changed(site: Site) -> None:
    ann = await site.person(password=None)
    admitted = await site.let_in(ann)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id, keep=admitted.session.id)
    with pytest.raises(SessionEnded):
        await raised(site, admitted, ann)
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    assert principal.session == admitted.session.id, "the session goes on with its own secret"


async def test_nothing_proven_raises_nothing(site: Site) -> None:
    ann = await site.person(password=None)
    admitted = await site.let_in(ann)
    spent = await tries.spend(site.desk, VISIT, subject=ann.id)
    unproven = replace(proven(ann), session=admitted.session.id, proofs=())
    assert isinstance(await admit(site.desk, VISIT, unproven, spent), MoreNeeded)
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    assert (principal.session, principal.auth_time) == (admitted.session.id, admitted.session.auth_time)


async def test_second_factors_cost_a_sign_in_one_statement(site: Site) -> None:
    """The one that calls off a recovery which waits; an account without any pays nothing for it."""
    ben, ann = await site.person("ben@example.org", None), await enrolled(site, password=None)
    await fully_in(site, ben)
    ran = []
    for account in (ben, ann):
        with statements() as seen:
            await fully_in(site, account)
        ran.append(seen)
    without, with_factors = ran
    assert not [statement for statement in without if "factor_recover" in statement]
    assert len(with_factors) == len(without) + 1


async def more_needed(site: Site, account: Account) -> list[tuple[str, str | None, dict[str, object]]]:
    """Give what the trail says of sign-ins that took more, oldest first."""
    entries = await show(site.desk, account=account.id)
    found = [each for each in entries if each.event.endswith(".more_needed")]
    return [(each.event, each.session, each.details) for each in reversed(found)]


async def test_why_more_is_needed_is_written_down_once_a_sign_in(site: Site) -> None:
    person = await with_app(site)
    browser, ann = site.browser(), person.account
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    why = "the account has a code of the authenticator app, so two factors are asked for"
    said = {"amr": "pwd", "options": "totp backup_code", "because": why}
    assert await more_needed(site, ann) == [("sign_in.more_needed", None, said)]
    path, body = f"/api/sign-in/{waiting['sign_in']}/totp", {"continuation": waiting["continuation"]}
    for _ in range(3):
        assert (await browser.post(path, json={**body, "code": "000000"})).status_code == 401
    assert (await browser.post(path, json={**body, "code": person.code(site)})).status_code == 200
    assert len(await more_needed(site, ann)) == 1, "a wrong answer is a refusal, and not another of these"
    begun = (await browser.post("/api/step-up", json={})).json()
    assert len(await more_needed(site, ann)) == 1, "who has proven nothing writes nothing"
    half = await browser.post(
        f"/api/sign-in/{begun['sign_in']}/password", json={"continuation": begun["continuation"], "password": PASSWORD}
    )
    assert half.json()["status"] == "more_needed"
    [_, (event, session, details)] = await more_needed(site, ann)
    assert (event, details["because"]) == ("step_up.more_needed", why)
    assert session == next(each.session for each in await show(site.desk, event="sign_in.done"))


async def test_later_steps_of_one_sign_in_write_nothing_more(tmp_path: Path) -> None:
    """Two proofs that still are not enough: the reasons stand with the first of them."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"level": "aal2"}) as site:
        ann = await site.person(password=None)
        for proofs in ((PROVEN,), (PROVEN, Proof(factor="email_code"))):
            held = replace(proven(ann), proofs=proofs)
            assert isinstance(await admit(site.desk, VISIT, held, None), MoreNeeded)
        [(event, _, details)] = await more_needed(site, ann)
        assert (event, details["options"]) == ("sign_in.more_needed", "email_code")
        assert details["because"] == "this site asks everybody for aal2"


async def test_who_is_guessed_at_is_not_told_of(site: Site) -> None:
    person = await with_app(site)
    assert (await sign_in(site.browser(), "ann@example.org", "not the words of ann")).status_code == 401
    assert await more_needed(site, person.account) == []
