"""The order of the revocation log: numbers follow commits, so that whoever reads along misses nothing.

With numbers from a PostgreSQL sequence, which follow the order of asking, a reader that has passed 2 would never see
the 1 that commits after it. Tried in a copy where `records.append` takes its numbers from one: the first two tests here
fail.
"""

import asyncio
from itertools import count

import pytest
from sqlalchemy import delete, func, select, text

from coatcheck.revocation.event import Event
from coatcheck.revocation.log import announce
from coatcheck.revocation.reader import LogReader
from coatcheck.storage.tables.revocation import revocation_log
from tests.races.nodes import PATIENCE, Nodes
from tests.site import Site


class Follower:
    """Follow the log on a node that writes nothing, and keep what was heard."""

    def __init__(self, node: Site) -> None:
        self.node = node
        self.heard: list[str] = []
        self.reloads = 0
        node.desk.keep(LogReader).subscribe(lambda event: self.heard.append(event.owner), self._reload)

    def _reload(self) -> None:
        self.reloads += 1

    async def follow(self, until: asyncio.Event) -> None:
        """Look again and again, and once more in the end."""
        while not until.is_set():
            await self.node.follow_log()
            await asyncio.sleep(0)
        await self.node.follow_log()


async def written(node: Site) -> list[tuple[int, str]]:
    """Give what stands in the log, in order."""
    query = select(revocation_log.c.number, revocation_log.c.owner).order_by(revocation_log.c.number)
    async with node.desk.database.reading() as db:
        return [(row[0], row[1]) for row in await db.execute(query)]


async def say(node: Site, owner: str, *, numbered: asyncio.Event, commit: asyncio.Event) -> None:
    """Write one event: its number is taken, then it is told to commit."""
    async with node.desk.database.writing() as tx:
        announce(tx, node.desk, Event("ended", "acc_ann", owner))

        async def wait(*_: object) -> None:
            numbered.set()
            await commit.wait()

        tx.at_end(wait, None)


async def somebody_waits_for_a_lock(node: Site) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with node.desk.database.reading() as db:
        return bool((await db.execute(query)).scalar_one())


async def test_the_second_writer_waits_for_the_first(postgres_nodes: Nodes) -> None:
    one, other, reading = postgres_nodes
    follower = Follower(reading)
    first_numbered, second_numbered, commit_first, commit_second = (asyncio.Event() for _ in range(4))
    commit_second.set()
    first = asyncio.create_task(say(one, "ses_first", numbered=first_numbered, commit=commit_first))
    await asyncio.wait_for(first_numbered.wait(), PATIENCE)
    second = asyncio.create_task(say(other, "ses_second", numbered=second_numbered, commit=commit_second))
    async with asyncio.timeout(PATIENCE):
        while not second.done() and not await somebody_waits_for_a_lock(reading):
            await reading.follow_log()
    assert not second_numbered.is_set(), "the second took a number while the first had not committed"
    assert (follower.heard, follower.reloads) == ([], 0)
    commit_first.set()
    await asyncio.gather(first, second)
    await reading.follow_log()
    assert (follower.heard, follower.reloads) == (["ses_first", "ses_second"], 0)
    assert await written(reading) == [(1, "ses_first"), (2, "ses_second")]


async def test_a_reader_hears_every_number_once(postgres_nodes: Nodes) -> None:
    await _read_along(postgres_nodes, writers=8, events=40)


async def test_a_reader_hears_every_number_once_on_sqlite(three_on_sqlite: Nodes) -> None:
    await _read_along(three_on_sqlite, writers=4, events=20)


@pytest.mark.long
async def test_a_reader_hears_every_number_once_for_long(postgres_nodes: Nodes) -> None:
    await _read_along(postgres_nodes, writers=12, events=1_000)


async def _read_along(nodes: Nodes, *, writers: int, events: int) -> None:
    """Let two nodes write, each by several writers of one to three events a time, while a third reads along."""
    follower, over, names = Follower(nodes[2]), asyncio.Event(), count()

    async def write(node: Site, size: int) -> None:
        for _ in range(events):
            async with node.desk.database.writing() as tx:
                for _ in range(size):
                    announce(tx, node.desk, Event("ended", "acc_ann", f"ses_{next(names)}"))

    following = asyncio.create_task(follower.follow(over))
    await asyncio.gather(*(write(nodes[number % 2], number % 3 + 1) for number in range(writers)))
    over.set()
    await following
    log = await written(nodes[2])
    assert [number for number, _ in log] == list(range(1, next(names) + 1))
    assert follower.heard == [owner for _, owner in log]
    assert follower.reloads == 0


@pytest.mark.parametrize("hole", [1, 2, 5])
async def test_a_reader_that_meets_a_hole_starts_over(pair: Nodes, hole: int) -> None:
    """Clean-up takes rows that are a day old in any order: one that slept so long must not trust what is left."""
    writing, reading = pair
    follower = Follower(reading)
    for number in range(5):
        async with writing.desk.database.writing() as tx:
            announce(tx, writing.desk, Event("ended", "acc_ann", f"ses_{number}"))
    async with writing.desk.database.writing() as tx:
        await tx.execute(delete(revocation_log).where(revocation_log.c.number == hole))
    await reading.follow_log()
    assert follower.reloads == 1
    async with reading.desk.database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(revocation_log))).scalar_one() == 4
