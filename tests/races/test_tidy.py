"""Clean-up and the writing of use run beside everything else: they wait for nobody, and nobody is refused for them."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select, update

from coatcheck.accounts.account import Account
from coatcheck.limits import tries
from coatcheck.limits.tries import Spent
from coatcheck.sessions import records as sessions
from coatcheck.storage.database import Database
from coatcheck.storage.tables import metadata
from coatcheck.storage.tables.ephemeral import ephemeral
from coatcheck.storage.tables.limits import limit_totals
from coatcheck.storage.tables.sessions import sessions as sessions_table
from coatcheck.storage.tidy import tidy
from tests.races.nodes import PATIENCE, Nodes, at_once, counted, let_in, visit
from tests.site import Site

PEOPLE, ROUNDS = 12, 4
LONG = timedelta(days=200)


async def expired(node: Site) -> dict[str, int]:
    """Count what clean-up should have taken, by table."""
    left = {}
    async with node.desk.database.reading() as db:
        for table in metadata.sorted_tables:
            if "expires" in table.info:
                over = table.c[table.info["expires"]] < node.desk.now() - 60_000
                left[table.name] = (await db.execute(select(func.count()).select_from(table).where(over))).scalar_one()
    return {name: number for name, number in left.items() if number}


async def tidy_up(node: Site, over: asyncio.Event) -> int:
    """Take small batches until all is over, and then to the end; give how many rows went."""
    gone = 0
    while True:
        ending = over.is_set()
        batch = await tidy(node.desk.database, node.desk.now(), batch=5)
        gone += sum(batch.values())
        if ending and not batch:
            return gone


async def test_clean_up_under_load(pair: Nodes) -> None:
    """Everybody comes back when all their counters have run out: each try meets rows that clean-up is taking."""
    people = [await pair[0].person(f"person{number}@example.org", password=None) for number in range(PEOPLE)]
    await everybody_tries(pair, people)
    for _ in range(ROUNDS):
        pair[0].clock.advance(LONG)
        assert len(await expired(pair[0])) >= 4, "sessions, lanes, totals, devices and more"
        over = asyncio.Event()
        cleaning = [asyncio.create_task(tidy_up(node, over)) for node in pair]
        await everybody_tries(pair, people)
        over.set()
        assert sum(await asyncio.gather(*cleaning)) > 0
        assert await expired(pair[0]) == {}


async def everybody_tries(nodes: Nodes, people: list[Account]) -> None:
    """Let each fail at one node and get in at the other, from addresses that some of them share."""
    fail = (tries.spend(nodes[at % 2].desk, visit(at % 5), subject=who.id) for at, who in enumerate(people))
    succeed = (let_in(nodes[(at + 1) % 2], who, at % 5) for at, who in enumerate(people))
    outcomes = await at_once([*fail, *succeed])
    assert counted(outcomes) == {Spent.__name__: len(people), "Admitted": len(people)}


async def test_clean_up_leaves_what_somebody_holds(postgres_nodes: Nodes) -> None:
    """It takes rows in any order, so it must not wait while it holds some: whoever holds this one may want those."""
    here, there, _ = postgres_nodes
    for number in range(4):
        await tries.spend(here.desk, visit(number), subject=f"nobody{number}")
    here.clock.advance(LONG)
    before = (await expired(here))["limit_totals"]
    async with there.desk.database.writing() as tx:
        await tx.execute(select(limit_totals).order_by(limit_totals.c.key.desc()).limit(1).with_for_update())
        gone = await asyncio.wait_for(tidy(here.desk.database, here.desk.now()), PATIENCE)
    assert gone["limit_totals"] == before - 1
    assert (await tidy(here.desk.database, here.desk.now()))["limit_totals"] == 1


async def test_clean_up_leaves_what_came_back(site: Site) -> None:
    """A row that is used again after it was listed, and before it is taken, stays."""
    await site.desk.ephemeral.put("kind", "key", b"", ttl_ms=1)
    site.clock.advance(LONG)
    async with site.desk.database.writing() as tx:
        await tx.execute(update(ephemeral).values(expires_at=site.desk.now() + 1))
        cleaning = asyncio.create_task(tidy(site.desk.database, site.desk.now()))
        # It lists the row as it was, then waits for this transaction; on SQLite writers queue.
        await asyncio.wait({cleaning}, timeout=0.5)
        assert not cleaning.done()
    assert await cleaning == {}


async def test_use_is_written_without_waiting(postgres_nodes: Nodes) -> None:
    """One statement writes the use of many sessions while others end or change some: they must not wait in a ring."""
    here, there, _ = postgres_nodes
    ann = await here.person()
    opened = [(await let_in(here, ann)).session.id for _ in range(3)]
    here.clock.advance(timedelta(minutes=5))
    async with there.desk.database.writing() as tx:
        assert await sessions.lock(tx, sorted(opened)[1]) is not None
        await asyncio.wait_for(_touch(here.desk.database, opened, here.desk.now()), PATIENCE)
    async with here.desk.database.reading() as db:
        seen = select(func.count()).where(sessions_table.c.last_seen == here.desk.now())
        assert (await db.execute(seen)).scalar_one() == 2


async def _touch(database: Database, opened: list[str], now: int) -> None:
    async with database.writing() as tx:
        await sessions.touch(tx, opened, now)
