"""Keys made, rotated and replaced by many at once, over two nodes: one first key, one next key, one way out."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.audit.show import show
from coatcheck.keys import records
from coatcheck.keys.life import KeyRow
from coatcheck.keys.ring import SigningKeys
from tests.races.nodes import Nodes, at_once, counted, open_nodes, visit
from tests.site import Site

CROWD = 50


@pytest.fixture
async def signers(ready: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open two nodes on each database; making an RSA key takes so long that a crowd would come one by one."""
    async with open_nodes(ready, tmp_path, keys={"algorithm": "EdDSA"}) as opened:
        yield opened


async def stored(node: Site) -> list[KeyRow]:
    """List the keys of the database."""
    async with node.desk.database.reading() as db:
        return await records.listed(db)


async def test_fifty_need_the_first_key_at_once(signers: Nodes) -> None:
    asked = [signers[number % 2].desk.keep(SigningKeys).current() for number in range(CROWD)]
    signing = await asyncio.gather(*asked)
    [row] = await stored(signers[0])
    assert {key.kid for key in signing} == {row.kid}


async def test_fifty_workers_that_start_at_once_end_with_one_first_key(signers: Nodes) -> None:
    """A ring each, as each worker process has."""
    rings = [SigningKeys(signers[number % 2].desk) for number in range(CROWD)]
    signing = await asyncio.gather(*(ring.current() for ring in rings))
    [row] = await stored(signers[0])
    assert {key.kid for key in signing} == {row.kid}
    assert {ring.verifying(row.kid) is not None for ring in rings} == {True}
    [entry] = await show(signers[0].desk, event="keys.made")
    assert entry.details["kid"] == row.kid


async def test_fifty_rotate_at_once(signers: Nodes) -> None:
    await signers[0].desk.keep(SigningKeys).current()
    crowd = (rotate_keys(signers[number % 2].desk, visit(number), actor="operator") for number in range(CROWD))
    assert counted(await at_once(crowd)) == {"KeyRow": 1, "Conflict": CROWD - 1}
    [first, second] = await stored(signers[0])
    assert (first.retires_at, second.retires_at) == (second.signs_from, None)


async def test_an_emergency_among_rotations_leaves_nothing_that_was_there_before(signers: Nodes) -> None:
    for round_ in range(8):
        before = {(await signers[0].desk.keep(SigningKeys).current()).kid} | {
            row.kid for row in await stored(signers[0])
        }
        crowd = [
            *(rotate_keys(signers[number % 2].desk, visit(number), actor="operator") for number in range(4)),
            replace_keys(signers[round_ % 2].desk, visit(9), actor="operator"),
            *(rotate_keys(signers[number % 2].desk, visit(number), actor="operator") for number in range(4)),
        ]
        outcomes = await at_once(crowd)
        assert isinstance(outcomes[4], KeyRow), f"the emergency went through, in round {round_}"
        left = await stored(signers[0])
        assert not before & {row.kid for row in left}
        assert left[0].kid == outcomes[4].kid
        assert left[-1].retires_at is None
        assert len({row.number for row in left}) == len(left)


async def test_emergencies_at_once_leave_one_key(signers: Nodes) -> None:
    await signers[0].desk.keep(SigningKeys).current()
    crowd = (replace_keys(signers[number % 2].desk, visit(number), actor="operator") for number in range(10))
    done = [outcome for outcome in await at_once(crowd) if isinstance(outcome, KeyRow)]
    assert done
    [row] = await stored(signers[0])
    assert row.kid in {key.kid for key in done}
    assert (await signers[1].desk.keep(SigningKeys).find(row.kid)) is not None
