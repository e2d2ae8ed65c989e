"""Imports at once, over two nodes: each account comes over once, whoever brings it."""

import asyncio
from collections.abc import Sequence

from coatcheck.admin.create_account import create_account
from coatcheck.errors import Conflict
from coatcheck.importing.account import ImportedAccount
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.importing import imported_accounts
from coatcheck.visit import Visit
from tests.importing.sites import bring, count_of
from tests.importing.test_run import Listed
from tests.races.nodes import Nodes

MANY = 700


def people(*, backwards: bool = False) -> list[ImportedAccount]:
    """Give people of one system, or the same addresses under another's ids."""
    numbers: Sequence[int] = range(MANY)
    return [
        ImportedAccount(external_id=f"{number:05}", email=f"p{number}@example.org", email_verified=True)
        for number in (reversed(numbers) if backwards else numbers)
    ]


async def test_one_system_twice_at_once(pair: Nodes) -> None:
    one, other = await asyncio.gather(
        bring(pair[0], Listed(people())), bring(pair[1], Listed(people(backwards=True)))
    )  # fmt: skip
    assert (one.came + other.came, one.here + other.here) == (MANY, MANY)
    assert one.is_whole
    assert other.is_whole, "whom the other run brings is no stranger"
    assert (await count_of(pair[0], accounts), await count_of(pair[0], imported_accounts)) == (MANY, MANY)


async def test_two_systems_with_the_same_people(pair: Nodes) -> None:
    one, other = await asyncio.gather(
        bring(pair[0], Listed(people()), name="one"), bring(pair[1], Listed(people(backwards=True)), name="other")
    )
    assert (one.came + other.came, one.collided + other.collided) == (MANY, MANY)
    assert (await count_of(pair[0], accounts), await count_of(pair[0], imported_accounts)) == (MANY, MANY)


async def test_somebody_comes_by_herself_meanwhile(pair: Nodes) -> None:
    async def by_themselves() -> int:
        made = 0
        for number in range(0, MANY, 70):
            try:
                await create_account(
                    pair[1].desk, Visit(), email=f"p{number}@example.org", password=None, actor="operator"
                )
                made += 1
            except Conflict:
                continue
        return made

    report, made = await asyncio.gather(bring(pair[0], Listed(people())), by_themselves())
    assert (report.came + made, report.collided) == (MANY, made)
    assert await count_of(pair[0], accounts) == MANY
