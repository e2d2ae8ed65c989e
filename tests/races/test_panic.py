"""A panic at the same moment as everything else: when it has returned, nothing of before lets anybody in.

Sign-ins that finish, sessions that refresh, a recovery link that somebody else asked for, receipts that are filled, an
account that is closed, and another panic.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.ending.close_account import close_account
from coatcheck.ending.panic import panic
from coatcheck.ending.receipts.panics import Panics
from coatcheck.ending.receipts.receipt import Receipt
from coatcheck.errors import DatabaseAway, Gone, InvalidCredentials, SessionEnded
from coatcheck.login.admit import admit
from coatcheck.login.sign_in import Admitted, AskedFor
from coatcheck.recovery.finish import finish_recovery
from coatcheck.server.presence import Presence
from tests.attacks.census import row_counts
from tests.races.nodes import Nodes, at_once, counted, let_in, statuses_of, visit
from tests.recovery.lost import as_now
from tests.site import Site, proven
from tests.tokens.holders import Held, is_good, refreshed
from tests.tokens.holders import let_in as let_in_with_tokens

CROWD = 20
NEW = "entirely other words today"


@pytest.fixture
async def ann(pair: Nodes) -> Account:
    """Make an account."""
    return await pair[0].person(password=None)


def call(node: Site, account: Account, number: int = 0) -> Awaitable[Receipt]:
    """Call a panic, as an operator does."""
    return panic(node.desk, visit(number), account=account.id, actor="operator")


async def hear(nodes: Nodes) -> None:
    """Let every node read the log."""
    await asyncio.gather(*(node.follow_log() for node in nodes))


async def test_sign_ins_that_finish_meanwhile_are_in_no_more_when_it_returns(pair: Nodes, ann: Account) -> None:
    trusting = AskedFor(trust_device=True)
    finishing = [
        admit(pair[number % 2].desk, visit(number), proven(ann, asked_for=trusting), None) for number in range(CROWD)
    ]
    half = CROWD // 2
    outcomes = await at_once([*finishing[:half], call(pair[0], ann), *finishing[half:]])
    await hear(pair)
    admitted = [each for each in outcomes if isinstance(each, Admitted)]
    assert counted(outcomes)["Receipt"] == 1
    assert len(admitted) + counted(outcomes)["InvalidCredentials"] == CROWD
    assert set(await statuses_of(pair[1], [each.secret.reveal() for each in admitted])) <= {401}
    rows = await row_counts(pair[0])
    assert [rows[table] for table in ("sessions", "known_devices", "trusted_devices")] == [0, 0, 0]
    [receipt] = [each for each in outcomes if isinstance(each, Receipt)]
    assert {line.count for line in receipt.lines if line.what == "sessions"} == {len(admitted)}


async def test_one_that_was_proven_before_it_opens_nothing_after_it(pair: Nodes, ann: Account) -> None:
    await call(pair[0], ann)
    with pytest.raises(InvalidCredentials):
        await admit(pair[1].desk, visit(), proven(ann), None)
    with pytest.raises(InvalidCredentials):  # and not by the epoch of now either: it is secured
        await admit(pair[1].desk, visit(), proven(await as_now(pair[1], ann)), None)


async def test_refreshes_that_run_meanwhile_give_nothing_that_lasts(pair: Nodes, ann: Account) -> None:
    held = [await let_in_with_tokens(pair[0], ann) for _ in range(CROWD // 2)]
    running: list[Awaitable[Held | Receipt]] = [
        refreshed(pair[number % 2], each.refresh) for number, each in enumerate(held)
    ]
    outcomes = await at_once([*running[::2], call(pair[1], ann), *running[1::2]])
    await hear(pair)
    got = [each for each in outcomes if isinstance(each, Held)]
    assert len(got) + counted(outcomes)["SessionEnded"] == len(held)
    for each in (*held, *got):
        assert not await is_good(pair[0], each.access)
        assert not await is_good(pair[1], each.access)
        with pytest.raises(SessionEnded):
            await refreshed(pair[1], each.refresh)


async def test_a_recovery_link_that_somebody_else_asked_for(pair: Nodes) -> None:
    """Attack: whoever reads the mailbox asked for a link before, and uses it in the moment of the panic."""
    ann = await pair[0].person()
    async with pair[0].browser() as asking:
        await asking.post("/api/recover", json={"email": "ann@example.org"})
    token = await pair[0].token("ann@example.org")
    using = [finish_recovery(pair[number % 2].desk, visit(), token=token, new_password=NEW) for number in range(2)]
    outcomes = await at_once([using[0], call(pair[0], ann), using[1]])
    done = [each for each in outcomes if each is False]
    assert len(done) <= 1
    assert counted(outcomes)["Gone"] == 2 - len(done), "before the panic or never: no link of before lifts it"
    assert (await as_now(pair[1], ann)).status == "secured"
    with pytest.raises(Gone):
        await finish_recovery(pair[1].desk, visit(), token=token, new_password=NEW)


async def test_many_at_once_give_a_receipt_each_and_one_mail(pair: Nodes) -> None:
    ann = await pair[0].person()
    sessions = [await let_in(pair[0], ann, number) for number in range(3)]
    outcomes = await at_once(call(pair[number % 2], ann, number) for number in range(8))
    receipts = [each for each in outcomes if isinstance(each, Receipt)]
    assert len({each.id for each in receipts}) == 8
    counts = [line.count for each in receipts for line in each.lines if line.what == "sessions"]
    assert sum(count or 0 for count in counts) == len(sessions)
    assert len(await pair[0].mails("ann@example.org")) == 1


async def test_nobody_waits_in_a_ring(pair: Nodes) -> None:
    """Panics, receipts that are filled, a lock, an unlocking and a closing, all at one account and at both nodes."""
    ann = await pair[0].person()
    for node in pair:
        node.desk.keep(Panics)
        await node.desk.keep(Presence).say()
    for turn in range(3):
        await asyncio.gather(*(call(node, ann, turn) for node in pair))
        pair[0].clock.advance(timedelta(seconds=1))
        who = {"account": ann.id, "actor": "operator"}
        closing = [close_account(pair[1].desk, visit(), **who)] if turn == 2 else []
        outcomes = await at_once(
            [
                *(node.desk.keep(Panics).turn() for node in pair),
                *(call(node, ann, turn) for node in pair),
                lock_account(pair[0].desk, visit(), **who),
                *closing,
                unlock_account(pair[1].desk, visit(), **who),
                *(node.desk.keep(Panics).turn() for node in pair),
            ]
        )
        assert DatabaseAway.__name__ not in counted(outcomes)
        await hear(pair)
        await asyncio.gather(*(node.desk.keep(Panics).reported() for node in pair))
    assert (await row_counts(pair[0]))["panics"] == 0
