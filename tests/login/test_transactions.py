"""A sign-in between its steps: its continuation works once, for its own sign-in, for ten minutes."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from coatcheck.errors import SignInGone
from coatcheck.login.sign_in import AskedFor, SignIn
from coatcheck.login.transactions import LIVES, hold, resume
from coatcheck.secret import new_id
from tests.attacks.census import what_is_kept
from tests.site import PROVEN, VISIT, Site, open_site

WANTS = AskedFor(remember_me=True, present="tokens", audience="https://notes.example.org")


def waiting() -> SignIn:
    return SignIn(
        id=new_id("sgn_"),
        account="acc_x",
        epoch=7,
        proofs=(PROVEN,),
        identifier="Ann \u00e9",
        asked_for=WANTS,
    )


def same(resumed: SignIn, held: SignIn) -> bool:
    """Tell whether a sign-in came back as it was; its step was added."""
    return replace(resumed, options=(), expires_at=0) == held


@pytest.mark.parametrize("ephemeral", ["sql", "memory"])
async def test_taken_up_once_as_it_was(tmp_path: Path, ephemeral: str) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, ephemeral=ephemeral) as site:
        sign_in = waiting()
        held = await hold(site.desk, VISIT, sign_in, ("totp",))
        assert (held.sign_in, held.options) == (sign_in.id, ("totp",))
        assert held.expires_at == site.desk.now() + 600_000
        assert same(await resume(site.desk, sign_in.id, held.continuation.reveal()), sign_in)
        with pytest.raises(SignInGone):
            await resume(site.desk, sign_in.id, held.continuation.reveal())


async def test_another_sign_ins_continuation_is_spent_and_leads_nowhere(site: Site) -> None:
    mine, other = waiting(), waiting()
    held = await hold(site.desk, VISIT, mine, ("totp",))
    with pytest.raises(SignInGone):
        await resume(site.desk, other.id, held.continuation.reveal())
    with pytest.raises(SignInGone):
        await resume(site.desk, mine.id, held.continuation.reveal())


@pytest.mark.parametrize("value", ["", "x", "\udcff", "a" * 10_000])
async def test_junk_continues_nothing(site: Site, value: str) -> None:
    sign_in = waiting()
    held = await hold(site.desk, VISIT, sign_in, ("totp",))
    with pytest.raises(SignInGone):
        await resume(site.desk, sign_in.id, value)
    assert same(await resume(site.desk, sign_in.id, held.continuation.reveal()), sign_in)


@pytest.mark.parametrize("ephemeral", ["sql", "memory"])
async def test_runs_out(tmp_path: Path, ephemeral: str) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, ephemeral=ephemeral) as site:
        in_time, late = waiting(), waiting()
        held = [await hold(site.desk, VISIT, each, ("totp",)) for each in (in_time, late)]
        site.clock.advance(LIVES - timedelta(milliseconds=1))
        assert same(await resume(site.desk, in_time.id, held[0].continuation.reveal()), in_time)
        site.clock.advance(timedelta(milliseconds=1))
        with pytest.raises(SignInGone):
            await resume(site.desk, late.id, held[1].continuation.reveal())


async def test_each_step_has_a_continuation_of_its_own(site: Site) -> None:
    sign_in = waiting()
    steps = [await hold(site.desk, VISIT, sign_in, ("totp",)) for _ in range(2)]
    assert steps[0].continuation != steps[1].continuation
    for step in steps:
        assert same(await resume(site.desk, sign_in.id, step.continuation.reveal()), sign_in)


async def test_the_continuation_is_not_kept_in_clear(site: Site) -> None:
    held = await hold(site.desk, VISIT, waiting(), ("totp",))
    kept = repr(await what_is_kept(site, "ephemeral"))
    assert held.sign_in in kept
    assert held.continuation.reveal() not in kept
    assert held.continuation.reveal() not in repr(held)
