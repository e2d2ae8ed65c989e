"""Each way to damage the trail, and what `verify` says of it."""

import hashlib

import pytest
from msgspec.structs import replace

from coatcheck.audit.chain import GENESIS, HEAD, link, set_place
from coatcheck.audit.checkpoint import Checkpoint
from coatcheck.audit.erase import erase
from coatcheck.audit.records import sealed_rows
from coatcheck.audit.seal import Sealer
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from coatcheck.secret import KeyRing
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import ANN, BOB, happen, happen_and_seal, look, open_desk, tamper

OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32


async def found(desk: Desk, *checkpoints: Checkpoint) -> list[tuple[str, int]]:
    return [(each.kind, each.number) for each in (await verify(desk, checkpoints)).findings]


async def checkpoint_at(desk: Desk, number: int) -> Checkpoint:
    [(mac,)] = await look(desk, f"SELECT mac FROM audit_events WHERE number = {number}")
    return Checkpoint(number, mac.hex(), desk.now())


async def copy_row(desk: Desk, number: int, to: int) -> None:
    columns = "at, event, outcome, account, actor, session, request_id, details, personal"
    await tamper(
        desk,
        f"INSERT INTO audit_events ({columns}, number, mac) "
        f"SELECT {columns}, {to}, mac FROM audit_events WHERE number = {number}",
    )


async def rewrite(desk: Desk, ring: KeyRing, *, drop: int) -> None:
    """Remove one row and chain the others anew, as somebody with the ring's key would."""
    async with desk.database.writing() as tx:
        rows = [row for row, _ in await sealed_rows(tx, 0, 100)]
    await tamper(desk, f"DELETE FROM audit_events WHERE number = {drop}")
    mac, number = GENESIS, 0
    for row in (row for row in rows if row.number != drop):
        number += 1
        mac = link(ring, mac, replace(row, number=None), number)
        await tamper(desk, "UPDATE audit_events SET number = :n, mac = :m WHERE id = :id", n=number, m=mac, id=row.id)
    head = set_place(ring, HEAD, number, mac)
    await tamper(desk, "UPDATE audit_chain SET number = :n, mac = :m, seal = :s", n=number, m=mac, s=head.seal)


async def test_whole_trail_is_ok_and_says_what_is_not_sealed(desk: Desk) -> None:
    await happen_and_seal(desk, 3)
    await happen(desk, 2)
    verdict = await verify(desk)
    assert (verdict.ok, verdict.sealed, verdict.unsealed, verdict.findings) == (True, 3, 2, ())


async def test_empty_trail_is_ok(desk: Desk) -> None:
    assert (await verify(desk)).ok


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "at - 1"),
        ("event", "'sign_out.done'"),
        ("outcome", "'refused'"),
        ("account", "'acc_bob'"),
        ("account", "NULL"),
        ("actor", "'acc_bob'"),
        ("session", "'ses_other'"),
        ("session", "''"),
        ("request_id", "''"),
        ("details", "'[]'"),
        ("personal", "NULL"),
        ("id", "id + 1000"),
    ],
)
async def test_every_column_is_covered(desk: Desk, column: str, value: str) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "DELETE FROM audit_personal", f"UPDATE audit_events SET {column} = {value} WHERE number = 3")
    assert await found(desk) == [("edited", 3)]


async def test_mac_made_up_without_the_key(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    guess = hashlib.sha256(b"a guess").digest()
    await tamper(desk, "UPDATE audit_events SET outcome = 'refused', mac = :m WHERE number = 3", m=guess)
    assert ("edited", 3) in await found(desk)


async def test_last_row_edited(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "UPDATE audit_events SET account = 'acc_bob' WHERE number = 5")
    assert await found(desk) == [("edited", 5)]


async def test_removed_rows_are_one_finding(desk: Desk) -> None:
    await happen_and_seal(desk, 9)
    await tamper(desk, "DELETE FROM audit_events WHERE number IN (1, 5, 6, 7)")
    assert await found(desk) == [("removed", 1), ("removed", 5)]


async def test_removed_and_renumbered(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(
        desk, "DELETE FROM audit_events WHERE number = 3", "UPDATE audit_events SET number = 3 WHERE number = 4"
    )
    assert not (await verify(desk)).ok


async def test_neighbours_swapped(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(
        desk,
        "UPDATE audit_events SET number = -3 WHERE number = 3",
        "UPDATE audit_events SET number = 3 WHERE number = 4",
        "UPDATE audit_events SET number = 4 WHERE number = -3",
    )
    assert await found(desk) == [("reordered", 3), ("reordered", 4)]


async def test_row_pushed_in_the_middle(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(
        desk,
        "UPDATE audit_events SET number = -number WHERE number >= 3",
        "UPDATE audit_events SET number = 1 - number WHERE number < 0",
    )
    await copy_row(desk, 2, to=3)
    assert ("inserted", 3) in await found(desk)
    assert ("inserted", 6) in await found(desk)


@pytest.mark.parametrize("number", [6, 9, 0, -4])
async def test_row_put_outside_the_chain(desk: Desk, number: int) -> None:
    await happen_and_seal(desk, 5)
    await copy_row(desk, 5, to=number)
    assert ("inserted", number) in await found(desk)


async def test_sealed_row_taken_out_to_be_sealed_anew(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "UPDATE audit_events SET outcome = 'refused', number = NULL, mac = NULL WHERE number = 3")
    await Sealer(desk).seal_once()
    assert await found(desk) == [("removed", 3)]


async def test_tail_cut_is_told_by_the_head(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "DELETE FROM audit_events WHERE number > 3")
    assert await found(desk) == [("cut tail", 4)]


async def test_tail_cut_stays_visible_when_sealing_goes_on(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "DELETE FROM audit_events WHERE number > 3")
    await happen_and_seal(desk, 2)
    assert await found(desk) == [("removed", 4)]


async def test_forged_head_has_no_seal(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    mac = (await checkpoint_at(desk, 3)).mac
    await tamper(desk, "DELETE FROM audit_events WHERE number > 3")
    await tamper(desk, "UPDATE audit_chain SET number = 3, mac = :m", m=bytes.fromhex(mac))
    assert await found(desk) == [("head", 3)]


async def test_head_taken_away(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    await tamper(desk, "DELETE FROM audit_chain")
    assert await found(desk) == [("head", 5)]


async def test_forged_anchor_has_no_seal(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    mac = bytes.fromhex((await checkpoint_at(desk, 3)).mac)
    await tamper(desk, "DELETE FROM audit_events WHERE number <= 3")
    await tamper(desk, "INSERT INTO audit_chain VALUES ('anchor', 3, :m, :s)", m=mac, s=mac)
    assert await found(desk) == [("head", 3)]


async def test_state_put_back_is_seen_against_a_checkpoint_alone(desk: Desk) -> None:
    await happen_and_seal(desk, 3)
    [(number, mac, seal)] = await look(desk, "SELECT number, mac, seal FROM audit_chain")
    await happen_and_seal(desk, 2)
    kept = await checkpoint_at(desk, 5)
    await tamper(desk, "DELETE FROM audit_events WHERE number > 3")
    await tamper(desk, "UPDATE audit_chain SET number = :n, mac = :m, seal = :s", n=number, m=mac, s=seal)
    assert await found(desk) == []
    assert await found(desk, kept) == [("cut tail", 4)]


async def test_all_removed_is_seen_against_a_checkpoint(desk: Desk) -> None:
    await happen_and_seal(desk, 3)
    kept = await checkpoint_at(desk, 3)
    await tamper(desk, "DELETE FROM audit_events", "DELETE FROM audit_chain")
    assert await found(desk, kept) == [("cut tail", 1)]


async def test_chain_rewritten_with_the_key_is_seen_against_a_checkpoint(desk: Desk) -> None:
    await happen_and_seal(desk, 6)
    kept = await checkpoint_at(desk, 4)
    await rewrite(desk, desk.key_ring, drop=2)
    assert await found(desk) == []
    assert await found(desk, kept) == [("rewritten", 4)]


async def test_one_row_sealed_anew_with_the_key_no_longer_carries_the_next(desk: Desk) -> None:
    await happen_and_seal(desk, 5)
    async with desk.database.writing() as tx:
        before, row = [row for row, _ in await sealed_rows(tx, 0, 2)]
    forged = link(desk.key_ring, before.mac or b"", replace(row, outcome="refused"), 2)
    await tamper(desk, "UPDATE audit_events SET outcome = 'refused', mac = :m WHERE number = 2", m=forged)
    assert await found(desk) == [("edited", 3)]


async def test_chain_rewritten_without_the_key_is_seen(desk: Desk) -> None:
    await happen_and_seal(desk, 6)
    await rewrite(desk, KeyRing((b"x" * 32,)), drop=2)
    kinds = {kind for kind, _ in await found(desk)}
    assert {"edited", "head"} <= kinds


async def test_erasing_what_is_personal_keeps_the_chain(desk: Desk) -> None:
    await happen_and_seal(desk, 3)
    await happen(desk, account=BOB)
    async with desk.database.writing() as tx:
        assert await erase(tx, ANN) == 3
    assert (await verify(desk)).ok
    assert [tuple(row) for row in await look(desk, "SELECT event FROM audit_personal")] == [(4,)]


@pytest.mark.parametrize("column", ["address", "user_agent", "email"])
async def test_what_is_personal_cannot_be_changed(desk: Desk, column: str) -> None:
    await happen_and_seal(desk, 3)
    await tamper(desk, f"UPDATE audit_personal SET {column} = 'other' WHERE event = 2")
    assert await found(desk) == [("edited", 2)]


async def test_what_is_personal_cannot_be_put_beside_another_row(desk: Desk) -> None:
    await happen_and_seal(desk, 2)
    await tamper(
        desk, "DELETE FROM audit_personal WHERE event = 1", "UPDATE audit_personal SET event = 1 WHERE event = 2"
    )
    assert await found(desk) == [("edited", 1)]


async def test_old_rows_verify_after_a_change_of_key(sqlite_ready: str, clock: ManualClock) -> None:
    async with open_desk(sqlite_ready, clock, ring=KeyRing((OLD_KEY,))) as before:
        await happen_and_seal(before, 3)
    async with open_desk(sqlite_ready, clock, ring=KeyRing((NEW_KEY, OLD_KEY))) as after:
        await happen_and_seal(after, 3)
        assert (await verify(after)).ok


async def test_retired_key_cannot_go_on_with_the_chain(sqlite_ready: str, clock: ManualClock) -> None:
    async with open_desk(sqlite_ready, clock, ring=KeyRing((NEW_KEY, OLD_KEY))) as desk:
        await happen_and_seal(desk, 3)
        async with open_desk(sqlite_ready, clock, ring=KeyRing((OLD_KEY, NEW_KEY))) as thief:
            await happen_and_seal(thief, 1)
        assert await found(desk) == [("edited", 4)]
