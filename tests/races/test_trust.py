"""A trust that is ended while its browser signs in: what comes after the end takes two factors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from coatcheck.accounts import records as accounts
from coatcheck.errors import CoatcheckError
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.mfa.trusted import list_trusted, trust
from coatcheck.secret import new_id
from coatcheck.verifier import Principal
from coatcheck.ways_in.trusted_browsers import end_trust
from tests.races.nodes import Nodes, at_once, open_nodes, visit


@pytest.fixture
async def trusting(ready: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open two nodes on each database, where browsers may be trusted."""
    async with open_nodes(ready, tmp_path, sign_in={"trust_devices_for": "30d"}) as opened:
        yield opened


async def test_used_while_it_is_ended(trusting: Nodes) -> None:
    made = await trusting[0].person(password=None)
    async with trusting[0].desk.database.writing() as tx:
        await accounts.set_factors(tx, made.id, {"totp"})
        ann = await accounts.lock(tx, made.id)
        assert ann is not None
        token = await trust(tx, trusting[0].desk, visit(), ann)
        [listed] = await list_trusted(tx, trusting[0].desk, ann)
    trusted = structs.replace(visit(), trusted=token.reveal())
    ended: list[int] = []
    results: list[tuple[bool, Admitted | MoreNeeded]] = []

    async def use(number: int) -> None:
        proofs = (Proof(factor="password"),)
        sign_in = SignIn(id=new_id("sgn_"), account=made.id, epoch=ann.epoch, proofs=proofs)
        began_after = bool(ended)
        results.append((began_after, await admit(trusting[number % 2].desk, trusted, sign_in, None)))

    async def end() -> None:
        await end_trust(trusting[1].desk, visit(), Principal(subject=made.id, session="ses_any"), browser=listed.id)
        ended.append(1)

    outcomes = await at_once([*(use(n) for n in range(10)), end(), *(use(n) for n in range(10))])
    assert not [each for each in outcomes if isinstance(each, CoatcheckError)]
    for number in range(4):
        await use(number)
    assert [type(outcome) for after, outcome in results if after] == [MoreNeeded] * sum(after for after, _ in results)
    assert sum(after for after, _ in results) >= 4
