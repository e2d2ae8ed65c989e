"""Fifty guesses at one account at once, over two nodes and by both of its names: five are judged."""

import asyncio
from collections import Counter

from sqlalchemy import func, select

from coatcheck.storage.tables.audit import audit_events
from tests.races.nodes import Nodes
from tests.site import PASSWORD, Site, sign_in

CROWD = 50
NAMES = ("ann@example.org", "ann", "ANN@Example.org")


async def judged(node: Site) -> int:
    """Count the wrong passwords that the audit trail knows of."""
    query = select(func.count()).where(audit_events.c.event == "sign_in.refused")
    async with node.desk.database.reading() as db:
        return int((await db.execute(query)).scalar_one())


async def test_of_fifty_guesses_five_are_judged(nodes: Nodes) -> None:
    await nodes[0].person(username="ann")

    async def guess(number: int) -> int:
        async with nodes[number % 2].browser() as browser:
            return (await sign_in(browser, NAMES[number % 3], f"guess number {number} of many")).status_code

    statuses = await asyncio.gather(*(guess(number) for number in range(CROWD)))
    assert Counter(statuses) == {401: 5, 429: CROWD - 5}
    assert await judged(nodes[0]) == 5
    async with nodes[1].browser() as browser:
        assert (await sign_in(browser, "ann", PASSWORD)).status_code == 429, "a right one waits as well"
