"""Status indices given out at once, over two nodes: no two owners share one, and a full list is followed by one."""

import asyncio
from itertools import pairwise

from sqlalchemy import select, update

from coatcheck.revocation import indices
from coatcheck.storage.tables.revocation import status_indices, status_lists
from tests.races.nodes import Nodes, at_once, let_in, visit
from tests.site import Site

CROWD = 200


async def allocated(nodes: Nodes, names: list[str]) -> None:
    """Let the nodes give each owner an index, all at once."""

    async def allocate(number: int, name: str) -> None:
        async with nodes[number % len(nodes)].desk.database.writing() as tx:
            await indices.allocate(tx, owner=name, account="acc_ann", live_until=nodes[0].desk.now())

    await asyncio.gather(*(allocate(number, name) for number, name in enumerate(names)))


async def given(node: Site) -> dict[str, tuple[int, int]]:
    """Give the list and index of each owner."""
    query = select(status_indices.c.owner, status_indices.c.list, status_indices.c.index)
    async with node.desk.database.reading() as db:
        return {row[0]: (row[1], row[2]) for row in await db.execute(query)}


async def lists(node: Site) -> list[tuple[int, int]]:
    """Give each list's number and how many of its slots are taken."""
    query = select(status_lists.c.id, status_lists.c.used).order_by(status_lists.c.id)
    async with node.desk.database.reading() as db:
        return [(row[0], row[1]) for row in await db.execute(query)]


async def leave_room_for(node: Site, slots: int) -> None:
    """Take slots of the open list until so many are left."""
    async with node.desk.database.writing() as tx:
        await tx.execute(update(status_lists).values(used=status_lists.c.size - slots))


async def test_two_hundred_at_once(pair: Nodes) -> None:
    """The very first of them open the first list, and open it once."""
    await allocated(pair, [f"ses_{number}" for number in range(CROWD)])
    at = await given(pair[0])
    assert len(set(at.values())) == len(at) == CROWD
    assert await lists(pair[0]) == [(1, CROWD)]
    assert all(0 <= index < indices.LIST_SIZE for _, index in at.values())


async def test_neighbours_in_time_are_none_in_the_list(site: Site) -> None:
    for number in range(100):
        await allocated((site,), [f"ses_{number:03}"])
    in_time = [index for _, (_, index) in sorted((await given(site)).items())]
    assert not [pair for pair in pairwise(in_time) if abs(pair[0] - pair[1]) == 1]
    assert in_time != sorted(in_time)


async def test_a_full_list_is_followed_by_one_more(pair: Nodes) -> None:
    await allocated(pair, ["ses_first"])
    await leave_room_for(pair[0], 20)
    await allocated(pair, [f"ses_{number}" for number in range(60)])
    assert await lists(pair[0]) == [(1, indices.LIST_SIZE), (2, 40)]
    at = await given(pair[0])
    assert len(set(at.values())) == len(at) == 61


async def test_sign_ins_while_a_list_is_opened(pair: Nodes) -> None:
    """Whole sign-ins, which hold rows of their own when they come to a list that is full."""
    people = [await pair[0].person(f"person{number}@example.org", password=None) for number in range(10)]
    await let_in(pair[0], people[0])
    await leave_room_for(pair[0], 5)
    opened = await at_once(let_in(pair[number % 2], people[number % 10], number % 3) for number in range(30))
    assert len({admitted.session.id for admitted in opened}) == 30  # type: ignore[union-attr]
    assert await lists(pair[0]) == [(1, indices.LIST_SIZE), (2, 25)]
    assert visit(0).address != visit(1).address
