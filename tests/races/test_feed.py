"""The feed and the lists while many write: nobody who follows misses a row, and no list that is read loses a bit."""

import asyncio

from sqlalchemy import select

from coatcheck.revocation import indices, records
from coatcheck.revocation.event import Event, Position
from coatcheck.revocation.feed import news_after
from coatcheck.revocation.lists import HeldLists
from coatcheck.revocation.log import announce
from coatcheck.storage.tables.revocation import status_indices
from tests.races.nodes import Nodes, at_once
from tests.site import Site

WRITERS, EACH = 40, 5


async def write(node: Site, writer: int) -> None:
    """Write some rows in one transaction, others in a second one."""
    for part in range(2):
        async with node.desk.database.writing() as tx:
            for number in range(EACH):
                announce(tx, node.desk, Event("ended", "acc_1", f"ses_{writer}_{part}_{number}"))


async def follow(node: Site, position: Position, until: int) -> list[str]:
    """Follow the feed as a verifier does, until so many were told."""
    told: list[str] = []
    async with asyncio.timeout(60):
        while len(told) < until:
            news = await news_after(node.desk, position, hold=0)
            assert len(news.events) == news.to - news.after
            assert news.after == position.number
            told += [event.owner for event in news.events]
            position = Position(news.era, news.to)
    return told


async def test_who_follows_while_many_write_misses_nothing(pair: Nodes) -> None:
    async with pair[0].desk.database.reading() as db:
        began = await records.head(db)
    total = WRITERS * EACH * 2
    followers = [asyncio.create_task(follow(node, began, total)) for node in (*pair, *pair)]
    await at_once(write(pair[number % 2], number) for number in range(WRITERS))
    told = [await follower for follower in followers]
    assert len(set(told[0])) == len(told[0]) == total
    assert all(each == told[0] for each in told), "all in the same order"


async def test_lists_that_are_read_while_bits_are_set(pair: Nodes) -> None:
    owners = [f"ses_{number}" for number in range(120)]
    async with pair[0].desk.database.writing() as tx:
        for owner in owners:
            await indices.allocate(tx, owner=owner, account="acc_1", live_until=pair[0].clock.now() + 10**9)
    async with pair[0].desk.database.reading() as db:
        query = select(status_indices.c.owner, status_indices.c.list, status_indices.c.index)
        at = {row[0]: (row[1], row[2]) for row in await db.execute(query)}
    held = [node.desk.keep(HeldLists) for node in pair]

    async def end(number: int) -> None:
        node = pair[number % 2]
        async with node.desk.database.writing() as tx:
            await indices.end(tx, node.desk, owner=owners[number], account="acc_1")
        assert await held[number % 2].is_set(*at[owners[number]]), "who has written it refuses at once"

    async def look(number: int) -> None:
        held[number % 2]._forget()
        await held[number % 2].is_set(1, number)
        await pair[number % 2].follow_log()

    await at_once(attempt(number) for number in range(0, 120, 2) for attempt in (end, look))
    await at_once(attempt(number) for number in range(1, 60, 2) for attempt in (look, end))
    wanted = {*owners[::2], *owners[1:60:2]}
    for node, lists in zip(pair, held, strict=True):
        await node.follow_log()
        assert {owner for owner in owners if await lists.is_set(*at[owner])} == wanted
