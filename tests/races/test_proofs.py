"""One proof of possession many times at once: it counts for exactly one, whichever worker that is; the others rest."""

import pytest
from sqlalchemy import Table, func, select

from coatcheck.accounts.account import Account
from coatcheck.login.admit import admit
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.present import Tokens
from coatcheck.login.proof import bind
from coatcheck.login.refresh import refresh
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded
from coatcheck.storage.tables.sessions import sessions
from coatcheck.storage.tables.tokens import used_proofs
from coatcheck.visit import Visit
from tests.races.nodes import Nodes, at_once, counted
from tests.site import ORIGIN, Site, proven
from tests.tokens.provers import REFRESH, SIGN_IN, Prover

CROWD = 50
FOR_TOKENS = AskedFor(present="tokens")


@pytest.fixture
async def ann(pair: Nodes) -> Account:
    """Make an account."""
    return await pair[0].person(password=None)


async def let_in(node: Site, account: Account, visit: Visit) -> Admitted | MoreNeeded:
    """Come to the one door with the proof of a visit."""
    asked_for = bind(node.desk, visit, FOR_TOKENS)
    return await admit(node.desk, visit, proven(account, asked_for=asked_for), None)


async def bound(node: Site, account: Account, app: Prover) -> str:
    """Give the refresh token of a new session that is bound to an app's key."""
    admitted = await let_in(node, account, app.visit(SIGN_IN))
    assert isinstance(admitted, Admitted)
    assert admitted.refresh_token is not None
    return admitted.refresh_token.reveal()


async def count(node: Site, table: Table) -> int:
    """Count the rows of a table."""
    async with node.desk.database.reading() as db:
        found: int = (await db.execute(select(func.count()).select_from(table))).scalar_one()
    return found


async def test_fifty_sign_ins_with_one_proof(pair: Nodes, ann: Account) -> None:
    visit = Prover(pair[0]).visit(SIGN_IN)
    outcomes = await at_once(let_in(pair[number % 2], ann, visit) for number in range(CROWD))
    assert counted(outcomes) == {"Admitted": 1, "ProofRefused": CROWD - 1}
    assert (await count(pair[1], sessions), await count(pair[1], used_proofs)) == (1, 1)


async def test_fifty_beginnings_with_one_proof(pair: Nodes) -> None:
    visit = Prover(pair[0]).visit(SIGN_IN)
    asked_for = bind(pair[0].desk, visit, FOR_TOKENS)
    outcomes = await at_once(
        begin_sign_in(pair[number % 2].desk, visit, identifier="ann@example.org", asked_for=asked_for)
        for number in range(CROWD)
    )
    assert counted(outcomes) == {"MoreNeeded": 1, "ProofRefused": CROWD - 1}


async def test_fifty_refreshes_with_one_proof(pair: Nodes, ann: Account) -> None:
    app = Prover(pair[0])
    token, visit = await bound(pair[0], ann, app), app.visit(REFRESH)
    outcomes = await at_once(refresh(pair[number % 2].desk, visit, refresh_token=token) for number in range(CROWD))
    assert counted(outcomes) == {"Tokens": 1, "ProofRefused": CROWD - 1}
    given = next(each for each in outcomes if isinstance(each, Tokens))
    await refresh(pair[1].desk, app.visit(REFRESH), refresh_token=given.refresh_token.reveal())


async def test_fifty_refreshes_with_a_proof_each(pair: Nodes, ann: Account) -> None:
    """Tabs of one installation, or answers that got lost: one lineage, and nobody is refused."""
    app = Prover(pair[0])
    token = await bound(pair[0], ann, app)
    outcomes = await at_once(
        refresh(pair[number % 2].desk, app.visit(REFRESH), refresh_token=token) for number in range(CROWD)
    )
    given = {each.refresh_token.reveal() for each in outcomes if isinstance(each, Tokens)}
    assert (counted(outcomes), len(given)) == ({"Tokens": CROWD}, 1)


async def test_a_thief_and_the_owner_at_once(pair: Nodes, ann: Account) -> None:
    """Whoever has the token and another key, or none, changes nothing for its owner."""
    app = Prover(pair[0])
    token = await bound(pair[0], ann, app)
    thief = Prover(pair[0], app.another_key())
    plain = Visit(base_url=ORIGIN)
    attempts = [visit for _ in range(10) for visit in (thief.visit(REFRESH), app.visit(REFRESH), plain)]
    outcomes = await at_once(
        refresh(pair[number % 2].desk, visit, refresh_token=token) for number, visit in enumerate(attempts)
    )
    assert counted(outcomes) == {"Tokens": 10, "TokenRefused": 20}
    assert await count(pair[0], sessions) == 1
