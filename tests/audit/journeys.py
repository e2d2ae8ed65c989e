"""What every database must do for the audit room; `test_on_sqlite.py` and `test_on_postgres.py` run it."""

import asyncio
import json
from datetime import timedelta

from coatcheck.audit.checkpoint import Checkpoint
from coatcheck.audit.cut import cut
from coatcheck.audit.export import export
from coatcheck.audit.record import record
from coatcheck.audit.refused import refused
from coatcheck.audit.seal import Sealer
from coatcheck.audit.show import show
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import ANN, BOB, HOME, happen, happen_and_seal, look, open_desk, tamper


async def two_sealers_and_writers(url: str, clock: ManualClock) -> None:
    """Write through two workers while two sealers that both think they have the lease seal: one chain comes of it."""
    async with open_desk(url, clock) as one, open_desk(url, clock) as two:
        writers = [asyncio.create_task(happen(desk, 25, account=who)) for desk in (one, two) for who in (ANN, BOB)]
        sealers = [asyncio.create_task(_seal_until_done(desk, writers)) for desk in (one, two)]
        await asyncio.gather(*writers, *sealers)
        while await Sealer(one).seal_once():
            pass
        verdict = await verify(two)
        assert verdict.findings == ()
        assert (verdict.sealed, verdict.unsealed) == (100, 0)


async def two_sealers_begin(url: str, clock: ManualClock) -> None:
    """Let two sealers begin an empty chain at once: it begins once."""
    async with open_desk(url, clock) as one, open_desk(url, clock) as two:
        await happen(one, 10)
        sealed = await asyncio.gather(*(Sealer(desk).seal_once() for desk in (one, two) for _ in range(3)))
        assert sorted(sealed) == [0, 0, 0, 0, 0, 10]
        assert (await verify(one)).ok


async def _seal_until_done(desk: Desk, writers: list[asyncio.Task[None]]) -> None:
    sealer = Sealer(desk)
    while not all(writer.done() for writer in writers):
        await sealer.seal_once()


async def late_commit(url: str, clock: ManualClock) -> None:
    """Commit a row after one with a higher id was sealed: it is sealed too."""
    async with open_desk(url, clock) as desk:
        sealer = Sealer(desk)
        async with desk.database.writing() as slow:
            await record(slow, desk, HOME, "sign_in.done", account=BOB)
            await happen_and_seal(desk, 1)
        assert await sealer.seal_once() == 1
        assert await look(desk, "SELECT id, number FROM audit_events ORDER BY number") == [(2, 1), (1, 2)]
        assert (await verify(desk)).ok


async def damage_is_found(url: str, clock: ManualClock) -> None:
    """Change, remove and swap rows, and cut the tail: each is found and named."""
    async with open_desk(url, clock) as desk:
        await happen_and_seal(desk, 12)
        kept = [Checkpoint(12, (await look(desk, "SELECT mac FROM audit_events WHERE number = 12"))[0][0].hex(), 0)]
        assert (await verify(desk, kept)).ok
        await tamper(desk, "UPDATE audit_events SET outcome = 'refused' WHERE number = 2")
        await tamper(desk, "DELETE FROM audit_events WHERE number = 4")
        await _swap(desk, 7, 9)
        await tamper(desk, "DELETE FROM audit_events WHERE number > 11")
        found = [(each.kind, each.number) for each in (await verify(desk, kept)).findings]
        assert found == [
            ("edited", 2), ("removed", 4), ("reordered", 7), ("reordered", 9), ("cut tail", 12), ("cut tail", 12),
        ]  # fmt: skip


async def flood_is_one_row(url: str, clock: ManualClock) -> None:
    """Refuse 1,000 times in one minute, through two workers: one row says so."""
    async with open_desk(url, clock) as one, open_desk(url, clock) as two:
        key = one.key_ring.mac("tally", "192.0.2.1")
        flood = [
            refused(desk, HOME, "sign_in.blocked", account=ANN, tally=key) for desk in (one, two) for _ in range(500)
        ]
        for start in range(0, 1000, 50):
            await asyncio.gather(*flood[start : start + 50])
        await Sealer(one).seal_once()
        assert await show(one) == []
        clock.advance(timedelta(seconds=66))
        sealed = await asyncio.gather(*(Sealer(desk).seal_once() for desk in (one, two)))
        [entry] = await show(one)
        assert sum(sealed) == 1
        assert (entry.event, entry.outcome, entry.account, entry.address) == (
            "audit.tally",
            "refused",
            ANN,
            "192.0.2.1",
        )
        assert entry.details == {"event": "sign_in.blocked", "count": 1000, "minute": "2027-01-15T08:00:00Z"}
        assert (await verify(one)).ok


async def old_rows_are_cut(url: str, clock: ManualClock) -> None:
    """Cut rows past their keeping in batches: what is left verifies, and a later removal is still found."""
    async with open_desk(url, clock, keep_for=timedelta(days=30)) as desk:
        await happen_and_seal(desk, 7)
        clock.advance(timedelta(days=31))
        await happen_and_seal(desk, 3)
        assert [await cut(desk, batch=5) for _ in range(3)] == [5, 2, 0]
        verdict = await verify(desk)
        assert (verdict.ok, verdict.sealed) == (True, 3)
        assert await look(desk, "SELECT count(*) FROM audit_personal") == [(3,)]
        await tamper(desk, "DELETE FROM audit_events WHERE number = 8")
        assert [each.kind for each in (await verify(desk)).findings] == ["removed"]


async def export_reads_back(url: str, clock: ManualClock) -> None:
    """Export sealed and unsealed rows: each line is one event, with all it had."""
    async with open_desk(url, clock) as desk:
        await happen_and_seal(desk, 3)
        await happen(desk, email="ann@example.org", details={"remember_me": True, "tries": 3})
        lines = [line async for line in export(desk)]
        events = [json.loads(line) for line in lines]
        assert [event["number"] for event in events] == [1, 2, 3, None]
        assert events[3]["details"] == {"remember_me": True, "tries": 3}
        assert (events[3]["email"], events[3]["address"]) == ("ann@example.org", "192.0.2.1")
        assert [json.loads(line)["number"] async for line in export(desk, after=2)] == [3, None]


async def _swap(desk: Desk, left: int, right: int) -> None:
    """Give two rows each other's number and MAC."""
    rows = await look(
        desk, f"SELECT id, number, mac FROM audit_events WHERE number IN ({left}, {right}) ORDER BY number"
    )
    (first, _, first_mac), (second, _, second_mac) = rows
    await tamper(desk, "UPDATE audit_events SET number = -1 WHERE id = :id", id=first)
    await tamper(desk, "UPDATE audit_events SET number = :n, mac = :m WHERE id = :id", n=left, m=first_mac, id=second)
    await tamper(desk, "UPDATE audit_events SET number = :n, mac = :m WHERE id = :id", n=right, m=second_mac, id=first)
