"""Refusals: each a row, or over a limit one row a minute for each key."""

from datetime import timedelta

import pytest

from coatcheck.audit.refused import refused
from coatcheck.audit.seal import Sealer
from coatcheck.audit.show import show
from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import ANN, HOME


async def test_refusal_is_a_row_at_once(desk: Desk) -> None:
    await refused(desk, HOME, "sign_in.refused", account=ANN, details={"why": "password"})
    [entry] = await show(desk)
    assert (entry.event, entry.outcome, entry.account, entry.details) == (
        "sign_in.refused", "refused", ANN, {"why": "password"},
    )  # fmt: skip


async def test_keys_minutes_and_events_are_counted_apart(desk: Desk, clock: ManualClock) -> None:
    for key in (b"a" * 32, b"b" * 32, b"a" * 32):
        await refused(desk, HOME, "sign_in.blocked", tally=key)
    await refused(desk, HOME, "step_up.refused", tally=b"a" * 32)
    clock.advance(timedelta(minutes=1))
    await refused(desk, HOME, "sign_in.blocked", tally=b"a" * 32)
    clock.advance(timedelta(minutes=2))
    await Sealer(desk).seal_once()
    counts = sorted((entry.details["event"], entry.details["count"]) for entry in await show(desk))
    assert counts == [("sign_in.blocked", 1), ("sign_in.blocked", 1), ("sign_in.blocked", 2), ("step_up.refused", 1)]


@pytest.mark.parametrize(("event", "tally"), [("sign_in.nope", None), ("sign_in.blocked", b"192.0.2.1")])
async def test_unknown_event_or_clear_key_is_refused(desk: Desk, event: str, tally: bytes | None) -> None:
    with pytest.raises(ValueError, match="no such event"):
        await refused(desk, HOME, event, tally=tally)
