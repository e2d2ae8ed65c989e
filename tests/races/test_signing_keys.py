"""Keys made, rotated and replaced by many at once, over two nodes: one first key, one next key, one way out."""

import asyncio

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.keys import records
from coatcheck.keys.life import KeyRow
from coatcheck.keys.ring import SigningKeys
from tests.races.nodes import Nodes, at_once, counted, visit
from tests.site import Site

CROWD = 50


async def stored(node: Site) -> list[KeyRow]:
    """List the keys of the database."""
    async with node.desk.database.reading() as db:
        return await records.listed(db)


async def test_fifty_need_the_first_key_at_once(pair: Nodes) -> None:
    asked = [pair[number % 2].desk.keep(SigningKeys).current() for number in range(CROWD)]
    signing = await asyncio.gather(*asked)
    [row] = await stored(pair[0])
    assert {key.kid for key in signing} == {row.kid}


async def test_fifty_workers_that_start_at_once_end_with_one_first_key(pair: Nodes) -> None:
    """A ring each, as each worker process has."""
    rings = [SigningKeys(pair[number % 2].desk) for number in range(CROWD)]
    signing = await asyncio.gather(*(ring.current() for ring in rings))
    [row] = await stored(pair[0])
    assert {key.kid for key in signing} == {row.kid}
    assert {ring.verifying(row.kid) is not None for ring in rings} == {True}


async def test_fifty_rotate_at_once(pair: Nodes) -> None:
    await pair[0].desk.keep(SigningKeys).current()
    crowd = (rotate_keys(pair[number % 2].desk, visit(number), actor="operator") for number in range(CROWD))
    assert counted(await at_once(crowd)) == {"KeyRow": 1, "Conflict": CROWD - 1}
    [first, second] = await stored(pair[0])
    assert (first.retires_at, second.retires_at) == (second.signs_from, None)


async def test_an_emergency_among_rotations_leaves_nothing_that_was_there_before(pair: Nodes) -> None:
    for round_ in range(8):
        before = {(await pair[0].desk.keep(SigningKeys).current()).kid} | {row.kid for row in await stored(pair[0])}
        crowd = [
            *(rotate_keys(pair[number % 2].desk, visit(number), actor="operator") for number in range(4)),
            replace_keys(pair[round_ % 2].desk, visit(9), actor="operator"),
            *(rotate_keys(pair[number % 2].desk, visit(number), actor="operator") for number in range(4)),
        ]
        outcomes = await at_once(crowd)
        assert isinstance(outcomes[4], KeyRow), f"the emergency went through, in round {round_}"
        left = await stored(pair[0])
        assert not before & {row.kid for row in left}
        assert left[0].kid == outcomes[4].kid
        assert left[-1].retires_at is None
        assert len({row.number for row in left}) == len(left)


async def test_emergencies_at_once_leave_one_key(pair: Nodes) -> None:
    await pair[0].desk.keep(SigningKeys).current()
    crowd = (replace_keys(pair[number % 2].desk, visit(number), actor="operator") for number in range(10))
    done = [outcome for outcome in await at_once(crowd) if isinstance(outcome, KeyRow)]
    assert done
    [row] = await stored(pair[0])
    assert row.kid in {key.kid for key in done}
    assert (await pair[1].desk.keep(SigningKeys).find(row.kid)) is not None
