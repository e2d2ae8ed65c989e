"""Proving one more factor: a wrong answer may be followed by another, five times; what was not judged costs none."""

import asyncio
from datetime import timedelta

import pytest

from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import BadInput, Busy, InvalidCode, InvalidCredentials, SignInGone, TooManyAttempts
from coatcheck.limits.counters import CODE
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.factors import Proof
from coatcheck.login.prove import Judge, Step, prove
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.transactions import hold, look
from coatcheck.login.who import Who
from tests.site import PASSWORD, VISIT, Site, proven

RIGHT = Proof(factor="totp")


def judged(proof: Proof | None) -> Judge:
    """Judge every answer alike."""

    async def judge(_sign_in: SignIn, _who: Who) -> Proof | None:
        return proof

    return judge


async def waiting(site: Site) -> tuple[Account, Step]:
    """Bring Ann to where a code is needed, her password being right."""
    ann = await site.person(password=None)
    held = await hold(site.desk, VISIT, proven(ann), ("totp", "backup_code"))
    return ann, Step(held.sign_in, held.continuation.reveal())


async def answer(site: Site, step: Step, proof: Proof | None = None, factor: str = "totp") -> Admitted | MoreNeeded:
    """Answer a step, wrongly unless a proof is given."""
    return await prove(site.desk, VISIT, step, factor, judged(proof), limit=CODE)


async def test_a_right_answer_lets_in(site: Site) -> None:
    ann, step = await waiting(site)
    admitted = await answer(site, step, RIGHT)
    assert isinstance(admitted, Admitted)
    assert (admitted.session.account, admitted.session.acr) == (ann.id, "aal2")
    with pytest.raises(SignInGone):
        await answer(site, step, RIGHT)


async def test_five_wrong_answers_and_it_starts_again(site: Site) -> None:
    ann, step = await waiting(site)
    left = []
    for _ in range(5):
        with pytest.raises(InvalidCode) as wrong:
            await answer(site, step)
        left.append(wrong.value.tries_left)
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(SignInGone):
        await answer(site, step, RIGHT)
    assert [entry.details for entry in await show(site.desk, account=ann.id, event="sign_in.refused")] == [
        {"factor": "totp"}
    ] * 5


async def test_wrong_answers_do_not_prolong_it(site: Site) -> None:
    _, step = await waiting(site)
    site.clock.advance(timedelta(minutes=9))
    with pytest.raises(InvalidCode):
        await answer(site, step)
    site.clock.advance(timedelta(minutes=1))
    with pytest.raises(SignInGone):
        await answer(site, step, RIGHT)


async def test_codes_are_counted_across_sign_ins(site: Site) -> None:
    ann, step = await waiting(site)
    for _ in range(4):
        with pytest.raises(InvalidCode):
            await answer(site, step)
    held = await hold(site.desk, VISIT, proven(ann), ("totp",))
    another = Step(held.sign_in, held.continuation.reveal())
    with pytest.raises(InvalidCode):
        await answer(site, another)
    with pytest.raises(TooManyAttempts):
        await answer(site, another, RIGHT)
    kept = await look(site.desk, another.sign_in, another.continuation)
    assert kept.tries == 1, "what was not judged is not counted, and the sign-in waits"


async def test_what_cannot_be_judged_now_loses_nothing(site: Site) -> None:
    _, step = await waiting(site)

    async def busy(_sign_in: SignIn, _who: Who) -> Proof | None:
        raise Busy(because="no room")

    for _ in range(8):
        with pytest.raises(Busy):
            await prove(site.desk, VISIT, step, "totp", busy, limit=CODE)
    assert isinstance(await answer(site, step, RIGHT), Admitted)


async def test_what_would_bring_it_no_further_is_refused_unjudged(site: Site) -> None:
    _, step = await waiting(site)
    with pytest.raises(BadInput):
        await answer(site, step, Proof(factor="passkey", is_verified=True), factor="passkey")
    assert isinstance(await answer(site, step, RIGHT), Admitted)


async def test_of_many_right_answers_at_once_one_lets_in(site: Site) -> None:
    _, step = await waiting(site)
    outcomes = await asyncio.gather(*(answer(site, step, RIGHT) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(outcome, Admitted) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, SignInGone) for outcome in outcomes) == 19


async def test_what_changed_meanwhile_voids_it(site: Site) -> None:
    ann, step = await waiting(site)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    with pytest.raises(InvalidCredentials):
        await answer(site, step, RIGHT)


async def test_a_locked_account_is_told_as_a_wrong_answer(site: Site) -> None:
    ann, step = await waiting(site)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    with pytest.raises(InvalidCode):
        await answer(site, step, RIGHT)


async def test_a_first_proof_says_nothing_of_which_part_was_wrong(site: Site) -> None:
    await site.person()
    for identifier in ("ann@example.org", "nobody@example.org"):
        begun = await begin_sign_in(site.desk, VISIT, identifier=identifier)
        step = Step(begun.sign_in, begun.continuation.reveal())
        with pytest.raises(InvalidCredentials) as refused:
            await prove(site.desk, VISIT, step, "password", judged(None), limit=None)
        assert (refused.value.code, refused.value.says) == (InvalidCredentials.code, InvalidCredentials.says)
    assert PASSWORD not in repr(refused.value)
