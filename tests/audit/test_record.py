"""What `record` writes, and what it refuses to."""

import json
from typing import Any

import pytest

from coatcheck.audit.export import export
from coatcheck.audit.record import record
from coatcheck.audit.show import show
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from coatcheck.secret import Secret
from coatcheck.visit import Visit
from tests.audit.desks import ANN, BOB, FIREFOX, HOME, happen, happen_and_seal, look
from tests.statements import statements, verbs


async def test_row_has_what_was_told(desk: Desk) -> None:
    async with desk.database.writing() as tx:
        await record(
            tx, desk, HOME, "account.locked", account=ANN, actor=BOB, session="ses_1", email="ann@example.org",
            details={"why": "asked by phone", "times": 2, "again": False},
        )  # fmt: skip
    [entry] = await show(desk)
    assert (entry.event, entry.says, entry.outcome, entry.at) == (
        "account.locked",
        "Account locked",
        "done",
        desk.now(),
    )
    assert (entry.account, entry.actor, entry.session, entry.request_id) == (ANN, BOB, "ses_1", "req-1")
    assert (entry.address, entry.user_agent, entry.email) == ("192.0.2.1", FIREFOX, "ann@example.org")
    assert entry.details == {"why": "asked by phone", "times": 2, "again": False}


async def test_actor_is_the_account_itself(desk: Desk) -> None:
    await happen(desk)
    assert (await show(desk))[0].actor == ANN


async def test_row_goes_with_its_change(desk: Desk) -> None:
    async def fails() -> None:
        async with desk.database.writing() as tx:
            await record(tx, desk, HOME, "sign_in.done", account=ANN)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    assert await show(desk) == []


async def test_takes_two_statements_at_most(desk: Desk) -> None:
    with statements() as seen:
        async with desk.database.writing() as tx:
            await record(tx, desk, HOME, "sign_in.done", account=ANN)
        assert verbs(seen) == ["INSERT", "INSERT"]
        async with desk.database.writing() as tx:
            await record(tx, desk, Visit(), "sign_in.done", account=ANN)
        assert verbs(seen) == ["INSERT"] * 3


@pytest.mark.parametrize("name", ["sign_in.dnoe", "note.deleted", ""])
async def test_unknown_event_is_refused(desk: Desk, name: str) -> None:
    async with desk.database.writing() as tx:
        with pytest.raises(ValueError, match="no such event"):
            await record(tx, desk, HOME, name)


async def test_unknown_outcome_is_refused(desk: Desk) -> None:
    async with desk.database.writing() as tx:
        with pytest.raises(ValueError, match="outcome"):
            await record(tx, desk, HOME, "sign_in.done", outcome="dnoe")


class Hidden(str):
    """A string that is somebody's secret."""

    __slots__ = ()


@pytest.mark.parametrize("value", [Secret("hunter2"), b"hunter2", Hidden("hunter2"), ["hunter2"], None, 1.5, 2**63])
async def test_details_are_plain_values(desk: Desk, value: Any) -> None:
    async with desk.database.writing() as tx:
        with pytest.raises(ValueError, match="the detail proof must") as refusal:
            await record(tx, desk, HOME, "sign_in.done", details={"proof": value})
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("details", [{"Not This": 1}, {"": 1}, {f"n{i}": i for i in range(21)}])
async def test_details_have_few_and_simple_names(desk: Desk, details: dict[str, int]) -> None:
    async with desk.database.writing() as tx:
        with pytest.raises(ValueError, match="detail"):
            await record(tx, desk, HOME, "sign_in.done", details=details)


async def test_hostile_text_stays_data(desk: Desk) -> None:
    agent = 'x\r\n{"event": "account.unlocked"}\x1b[2J\x00\u2028\ud800'
    visit = Visit(address="192.0.2.1", user_agent=agent, request_id="a\nb\x00" + "c" * 100)
    await happen(desk, visit=visit, email="\x00a@example.org\n", details={"said": "\x00\n\ud800" + "y" * 600})
    await happen_and_seal(desk, 1)
    lines = [line async for line in export(desk)]
    assert len(lines) == 2
    assert all(line.isprintable() and line.isascii() for line in lines)
    first = json.loads(lines[0])
    assert first["user_agent"] == 'x\r\n{"event": "account.unlocked"}\x1b[2J\ufffd\u2028?'
    assert (len(first["request_id"]), len(first["details"]["said"])) == (64, 500)
    assert (await verify(desk)).ok


async def test_overlong_text_is_cut(desk: Desk) -> None:
    long = "x" * 5000
    await happen(desk, visit=Visit(address=long, user_agent=long, request_id=long), email=long)
    [entry] = await show(desk)
    lengths = [len(text or "") for text in (entry.address, entry.user_agent, entry.email, entry.request_id)]
    assert lengths == [45, 400, 254, 64]


async def test_what_is_personal_expires(desk: Desk) -> None:
    await happen(desk)
    [(expires_at,)] = await look(desk, "SELECT expires_at FROM audit_personal")
    assert expires_at == desk.now() + 180 * 24 * 60 * 60 * 1000
