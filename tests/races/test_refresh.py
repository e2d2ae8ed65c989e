"""Refreshes at once: one lineage whoever asks, nothing alive after an end, nothing said that was taken away."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

import pytest
from sqlalchemy import select, text

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import NotSignedIn, SessionEnded
from coatcheck.revocation import indices
from coatcheck.sessions.end import end
from coatcheck.storage.tables.revocation import status_indices
from tests.races.nodes import PATIENCE, Nodes, at_once, counted
from tests.site import VISIT, Site
from tests.tokens.holders import Held, claims_of, events, is_alive, is_good, let_in, refreshed

CROWD = 200
PAST_GRACE = timedelta(seconds=11)


@pytest.fixture
async def ann(pair: Nodes) -> Account:
    """Make an account."""
    return await pair[0].person(password=None)


@dataclass
class Client:
    """Refresh again and again, now at one node and now at the other, as an app with many tabs does."""

    nodes: Nodes
    held: Held
    got: list[Held] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Go on until the session is over, or until told to stop."""
        number = 0
        while not self.stop.is_set():
            number += 1
            try:
                self.held = await refreshed(self.nodes[number % 2], self.held.refresh)
            except SessionEnded:
                return
            self.got.append(self.held)

    async def has(self, count: int) -> None:
        """Wait until so many came."""
        async with asyncio.timeout(PATIENCE):
            while len(self.got) < count:  # noqa: ASYNC110 (no event tells)
                await asyncio.sleep(0)


async def nothing_lives(nodes: Nodes, given: list[Held]) -> None:
    """Make sure that no token of any is taken by any node."""
    assert len(given) > 1, "some were given: else this was no race"
    for node in nodes:
        await node.follow_log()
        assert not [held for held in given if await is_good(node, held.access)]
        for held in given[-3:]:
            with pytest.raises(NotSignedIn):
                await refreshed(node, held.refresh)


async def test_two_hundred_with_one_token(pair: Nodes, ann: Account) -> None:
    first = await let_in(pair[0], ann)
    outcomes = await at_once(refreshed(pair[number % 2], first.refresh) for number in range(CROWD))
    given = [outcome for outcome in outcomes if isinstance(outcome, Held)]
    assert len(given) == CROWD
    assert len({held.refresh for held in given}) == 1, "one lineage"
    assert len({claims_of(held.access)["jti"] for held in given}) == CROWD
    for node in pair:
        assert all([await is_good(node, held.access) for held in given[:5]])
    assert await is_alive(pair[1], first.session)
    assert "refresh.replayed" not in await events(pair[0], ann)
    await refreshed(pair[1], given[0].refresh)


async def test_a_token_and_its_successor_at_once(pair: Nodes, ann: Account) -> None:
    """Tabs that are a step apart: nobody is signed out, and one lineage goes on."""
    first = await let_in(pair[0], ann)
    second = await refreshed(pair[0], first.refresh)
    tokens = [first.refresh, second.refresh] * 30
    outcomes = await at_once(refreshed(pair[number % 2], token) for number, token in enumerate(tokens))
    assert set(counted(outcomes)) <= {"Held", "RefreshSuperseded"}
    given = {held.refresh for held in outcomes if isinstance(held, Held)}
    assert len(given - {second.refresh}) == 1
    assert await is_alive(pair[0], first.session)


End: TypeAlias = Callable[[Site, str, str], Awaitable[None]]


async def end_all(node: Site, account: str, session: str) -> None:
    await end_sessions(node.desk, VISIT, account=account, actor=account)


async def end_one(node: Site, account: str, session: str) -> None:
    await end_session(node.desk, VISIT, account=account, session=session, actor=account)


async def lock(node: Site, account: str, session: str) -> None:
    await lock_account(node.desk, VISIT, account=account, actor="operator")


@pytest.mark.parametrize("way", [end_all, end_one, lock])
async def test_refreshes_in_flight_against_an_end(pair: Nodes, ann: Account, way: End) -> None:
    first = await let_in(pair[0], ann)
    client = Client(pair, first, [first])
    running = asyncio.create_task(client.run())
    await client.has(3)
    latest = client.held.refresh
    crowd = [refreshed(pair[number % 2], latest) for number in range(50)]
    outcomes = await at_once([*crowd[:25], way(pair[1], ann.id, first.session), *crowd[25:]])
    await running
    given = [held for held in outcomes if isinstance(held, Held)]
    assert set(counted(outcomes)) <= {"Held", "SessionEnded", "NoneType", "RefreshSuperseded"}
    await nothing_lives(pair, [*client.got, *given])


async def test_fifty_sessions_in_flight_against_end_all(pair: Nodes, ann: Account) -> None:
    held = [await let_in(pair[number % 2], ann) for number in range(50)]
    attempts = [refreshed(pair[number % 2], each.refresh) for number, each in enumerate(held)]
    outcomes = await at_once([*attempts[:25], end_sessions(pair[1].desk, VISIT, account=ann.id, actor=ann.id)])
    outcomes += await at_once(attempts[25:])
    given = [each for each in outcomes if isinstance(each, Held)]
    await nothing_lives(pair, [*held, *given])


async def test_a_replay_and_a_refresh_at_once(pair: Nodes, ann: Account) -> None:
    for _ in range(5):
        first = await let_in(pair[0], ann)
        second = await refreshed(pair[0], first.refresh)
        pair[0].clock.advance(PAST_GRACE)
        attempts = [(first.refresh, 0), *[(second.refresh, number % 2) for number in range(6)], (first.refresh, 1)]
        outcomes = await at_once(refreshed(pair[node], token) for token, node in attempts)
        assert isinstance(outcomes[0], SessionEnded)
        assert isinstance(outcomes[-1], SessionEnded)
        given = [held for held in outcomes if isinstance(held, Held)]
        await nothing_lives(pair, [first, second, *given])
    assert (await events(pair[0], ann)).count("refresh.replayed") == 5


async def test_a_role_taken_away_while_refreshing(pair: Nodes, ann: Account) -> None:
    await create_role(pair[0].desk, VISIT, role="editor", permissions=["notes:write"], actor="operator")
    first = await let_in(pair[0], ann)
    client = Client(pair, first)
    running = asyncio.create_task(client.run())
    for round_ in range(1, 5):
        await grant_role(pair[0].desk, VISIT, account=ann.id, role="editor", actor="operator")
        await client.has(6 * round_)
        await revoke_role(pair[1].desk, VISIT, account=ann.id, role="editor", actor="operator")
        await client.has(6 * round_ + 3)
    client.stop.set()
    await running
    had_it = [held for held in client.got if "editor" in claims_of(held.access).get("roles", [])]
    assert 0 < len(had_it) < len(client.got)
    for node in pair:
        await node.follow_log()
        assert not [held for held in had_it if await is_good(node, held.access)], "what it says was taken away"
    assert await is_alive(pair[0], first.session), "nobody was signed out"
    assert await is_good(pair[1], (await refreshed(pair[0], client.held.refresh)).access)


async def live_indices(node: Site, session: str) -> int:
    """Count the indices of a session whose bit is not set."""
    mine = status_indices.c.owner == session
    async with node.desk.database.reading() as db:
        query = select(status_indices.c.index).where(mine, status_indices.c.ended_at.is_(None))
        return len((await db.execute(query)).all())


async def test_sessions_that_end_while_they_move(pair: Nodes, ann: Account) -> None:
    await create_role(pair[0].desk, VISIT, role="editor", permissions=[], actor="operator")
    held = [await let_in(pair[0], ann) for _ in range(30)]
    ends = [end_one(pair[number % 2], ann.id, each.session) for number, each in enumerate(held)]
    moves = [_to_and_fro(pair[number % 2], ann) for number in range(4)]
    outcomes = await at_once([*moves[:2], *ends[:15], *moves[2:], *ends[15:]])
    assert set(counted(outcomes)) <= {"NoneType", "NotFound"}
    assert [await live_indices(pair[0], each.session) for each in held] == [0] * 30


async def _to_and_fro(node: Site, account: Account) -> None:
    await grant_role(node.desk, VISIT, account=account.id, role="editor", actor="operator")
    await revoke_role(node.desk, VISIT, account=account.id, role="editor", actor="operator")


@pytest.fixture
def two_on_postgres(postgres_nodes: Nodes) -> Nodes:
    """Open nodes where writers truly run side by side."""
    return postgres_nodes[:2]


async def test_a_session_that_ends_while_it_moves(two_on_postgres: Nodes) -> None:
    """The end begins before the move has committed, and must see the index that came of it.

    A token with that index could be had between the two commits, and would have outlived its session.
    """
    here, there = two_on_postgres
    ann = await here.person(password=None)
    held = await let_in(here, ann)
    async with here.desk.database.writing() as tx:
        await accounts.lock(tx, ann.id)
        await indices.move(tx, here.desk, account=ann.id)
        ending = asyncio.create_task(end_one(there, ann.id, held.session))
        await _waits(here)
    await ending
    assert await live_indices(here, held.session) == 0


async def _waits(node: Site) -> None:
    """Wait until somebody waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(PATIENCE):
        async with node.desk.database.reading() as db:
            while not (await db.execute(waiting)).scalar_one():  # noqa: ASYNC110 (no event tells)
                await asyncio.sleep(0.001)


async def test_refreshes_and_ends_of_many_wait_in_no_ring(pair: Nodes) -> None:
    """Refreshes, replays, moves, single ends and ends of all: whoever waits for another is waited for by nobody."""
    await create_role(pair[0].desk, VISIT, role="editor", permissions=[], actor="operator")
    people = [await pair[0].person(f"p{number}@example.org", password=None) for number in range(6)]
    held = [(ann, await let_in(pair[0], ann)) for ann in people for _ in range(3)]
    replaced = [(ann, each, await refreshed(pair[1], each.refresh)) for ann, each in held]
    outcomes = await at_once(
        attempt
        for number, (ann, old, new) in enumerate(replaced)
        for attempt in (
            refreshed(pair[number % 2], new.refresh),
            refreshed(pair[(number + 1) % 2], old.refresh),
            grant_role(pair[number % 2].desk, VISIT, account=ann.id, role="editor", actor="operator"),
            _end_if_there(pair[(number + 1) % 2], ann, old.session)
            if number % 3 == 0
            else refreshed(pair[0], new.refresh),
            end_all(pair[number % 2], ann.id, "") if number % 7 == 0 else refreshed(pair[1], new.refresh),
        )
    )
    assert set(counted(outcomes)) <= {"Held", "NoneType", "SessionEnded", "RefreshSuperseded"}


async def _end_if_there(node: Site, account: Account, session: str) -> None:
    async with node.desk.database.writing() as tx:
        await end(tx, node.desk, account=account.id, session=session)
