"""Cutting old rows: in order, with an anchor, and never what was tampered with."""

from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.audit.chain import ChainBroken
from coatcheck.audit.checkpoint import Checkpoint
from coatcheck.audit.cut import cut
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import happen_and_seal, look, tamper

LONG = timedelta(days=731)


async def test_changed_date_removes_no_evidence(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "UPDATE audit_events SET at = 1")
    with pytest.raises(ChainBroken, match="row 1 "):
        await cut(desk)
    assert (await verify(desk)).sealed == 5


async def test_young_rows_stay(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    assert await cut(desk) == 0
    assert (await verify(desk)).ok


async def test_all_cut_and_gone_on(desk: Desk, clock: ManualClock) -> None:
    await happen_and_seal(desk, 4)
    [(mac,)] = await look(desk, "SELECT mac FROM audit_events WHERE number = 4")
    clock.advance(LONG)
    assert await cut(desk) == 4
    assert (await verify(desk)).ok
    await happen_and_seal(desk, 2)
    kept = [Checkpoint(2, "00" * 32, 0), Checkpoint(4, mac.hex(), 0)]
    verdict = await verify(desk, kept)
    assert (verdict.ok, verdict.sealed, verdict.checked) == (True, 2, 1)
    assert [each.kind for each in (await verify(desk, [Checkpoint(4, "00" * 32, 0)])).findings] == ["rewritten"]


async def test_forged_anchor_or_head_stops_it(desk: Desk, clock: ManualClock, tmp_path: Path) -> None:
    await happen_and_seal(desk, 4)
    clock.advance(LONG)
    await cut(desk, batch=2)
    await tamper(desk, "UPDATE audit_chain SET number = 1 WHERE place = 'anchor'")
    with pytest.raises(ChainBroken, match="anchor"):
        await cut(desk)
    await tamper(desk, "UPDATE audit_chain SET number = 9 WHERE place = 'head'")
    with pytest.raises(ChainBroken, match="head"):
        await cut(desk)
