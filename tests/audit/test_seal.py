"""The sealer: batches, leases, checkpoints, faults and its end."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from coatcheck.audit.chain import ChainBroken
from coatcheck.audit.checkpoint import read_checkpoints
from coatcheck.audit.seal import BATCH, Sealer
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from coatcheck.storage.leases import hold
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import happen, happen_and_seal, look, open_desk, tamper

FAST = timedelta(milliseconds=5)


async def until(desk: Desk, query: str, wanted: int) -> None:
    """Wait until a query gives a number; the test's own timeout ends it otherwise."""
    while (await look(desk, query))[0][0] != wanted:  # noqa: ASYNC110 - a database ends it
        await asyncio.sleep(0.005)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_seals_in_bounded_batches(desk: Desk) -> None:
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {BATCH + 3}) "
    columns = "(at, event, outcome, request_id, details)"
    await tamper(desk, f"INSERT INTO audit_events {columns} {rows} SELECT i, 'sign_in.done', 'done', '', '{{}}' FROM n")
    sealer = Sealer(desk)
    assert [await sealer.seal_once() for _ in range(3)] == [BATCH, 3, 0]
    assert (await verify(desk)).ok


async def test_forged_head_stops_it_and_stays_visible(desk: Desk) -> None:
    await happen_and_seal(desk, 3)
    await tamper(desk, "UPDATE audit_chain SET number = 2")
    await happen(desk)
    with pytest.raises(ChainBroken, match="head"):
        await Sealer(desk).seal_once()
    verdict = await verify(desk)
    assert (verdict.ok, verdict.unsealed) == (False, 1)


async def test_missing_head_is_not_made_anew(desk: Desk) -> None:
    await happen_and_seal(desk, 3)
    await tamper(desk, "DELETE FROM audit_chain")
    await happen(desk)
    with pytest.raises(ChainBroken, match="gone"):
        await Sealer(desk).seal_once()


async def test_runs_until_cancelled_then_seals_the_rest_and_tells(
    sqlite_ready: str, clock: ManualClock, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoints.jsonl"
    async with open_desk(sqlite_ready, clock, seal_every=FAST, checkpoint_file=str(file)) as desk:
        task = asyncio.create_task(Sealer(desk).run())
        await happen(desk, 2)
        await until(desk, "SELECT count(*) FROM audit_events WHERE number > 0", 2)
        await happen(desk, 3)
        await ended(task)
        verdict = await verify(desk, read_checkpoints(file))
        assert (verdict.ok, verdict.sealed, verdict.unsealed) == (True, 5, 0)
        assert read_checkpoints(file)[-1].number == 5
        [(until_when,)] = await look(desk, "SELECT until FROM leases")
        assert until_when <= desk.now()


async def test_waits_while_another_has_the_lease(desk: Desk, clock: ManualClock) -> None:
    async with desk.database.writing() as tx:
        await hold(tx, "audit.sealer", "wrk_other", desk.now(), 20_000)
    await happen(desk)
    sealer = Sealer(desk)
    for pause, sealed in ((0, 0), (19, 0), (6, 1)):
        clock.advance(timedelta(seconds=pause))
        await sealer.turn()
        assert await look(desk, "SELECT count(*) FROM audit_events WHERE number > 0") == [(sealed,)]


async def test_outlives_tampering_and_says_so(desk: Desk) -> None:
    await happen_and_seal(desk, 2)
    [(seal,)] = await look(desk, "SELECT seal FROM audit_chain")
    await tamper(desk, "UPDATE audit_chain SET seal = :s", s=bytes(32))
    await happen(desk)
    sealer = Sealer(desk)
    with capture_logs() as logs:
        assert not await sealer.turn()
    assert [line["event"] for line in logs] == ["audit.chain_broken"]
    await tamper(desk, "UPDATE audit_chain SET seal = :s", s=seal)
    await sealer.turn()
    assert await look(desk, "SELECT count(*) FROM audit_events WHERE number > 0") == [(3,)]


async def test_checkpoints_come_by_the_minute_or_the_thousand(
    sqlite_ready: str, clock: ManualClock, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoints.jsonl"
    async with open_desk(sqlite_ready, clock, checkpoint_file=str(file)) as desk:
        sealer = Sealer(desk)
        for pause in (0, 59, 1, 0, 61):
            clock.advance(timedelta(seconds=pause))
            await happen(desk)
            await sealer.seal_once()
            await sealer.tell()
        await sealer.tell(now=True)
        assert [each.number for each in read_checkpoints(file)] == [1, 3, 5]
