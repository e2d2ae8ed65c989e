"""Fifty uses of one code at once, over two nodes: one wins, whatever sign-in or session it was typed for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.login.with_totp import prove_totp
from coatcheck.mfa.authenticator import spend_totp
from coatcheck.mfa.records import codes_left
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.visit import Visit
from coatcheck.ways_in.add_totp import finish_adding_totp, start_adding_totp
from coatcheck.ways_in.make_backup_codes import make_backup_codes
from coatcheck.ways_in.remove_totp import remove_totp
from tests.authenticators import Person, at_the_code, key_in, let_in, with_app
from tests.races.nodes import Nodes, at_once, counted, visit
from tests.races.nodes import let_in as let_in_by_password

CROWD = 50


async def waiting(nodes: Nodes, ann: Person, count: int = CROWD) -> list[Step]:
    """Bring so many sign-ins to where a code is asked for, at either node."""
    return [await at_the_code(nodes[number % 2], ann.account, visit(number)) for number in range(count)]


async def raced(
    nodes: Nodes, steps: list[Step], code: str, prove: Callable[..., Awaitable[Admitted | MoreNeeded]]
) -> dict[str, int]:
    """Type one code into all of them at once."""
    outcomes = await at_once(
        prove(nodes[number % 2].desk, visit(number), step, code=code) for number, step in enumerate(steps)
    )
    return dict(counted(outcomes))


async def test_a_code_of_an_app(nodes: Nodes) -> None:
    ann = await with_app(nodes[0], password=None)
    steps = await waiting(nodes, ann)
    assert await raced(nodes, steps, ann.code(nodes[0]), prove_totp) == {"Admitted": 1, "InvalidCode": CROWD - 1}


async def test_a_step(pair: Nodes) -> None:
    """Without the limits before it, which make a crowd stand in line."""
    ann = await with_app(pair[0], password=None)
    code = ann.code(pair[0])
    won = await at_once(spend_totp(pair[number % 2].desk, ann.account.id, code) for number in range(CROWD))
    assert won.count(True) == 1


async def test_a_backup_code(nodes: Nodes) -> None:
    ann = await with_app(nodes[0], password=None)
    steps = await waiting(nodes, ann)
    outcomes = await raced(nodes, steps, ann.backup_codes[0], prove_backup_code)
    assert outcomes == {"Admitted": 1, "InvalidCode": CROWD - 1}


async def test_ten_backup_codes(pair: Nodes) -> None:
    """Each lets its own sign-in in; the last of them to be used takes the factor away, and none is voided by that."""
    ann = await with_app(pair[0], password=None)
    steps = await waiting(pair, ann, 10)
    outcomes = await at_once(
        prove_backup_code(pair[number % 2].desk, visit(number), step, code=ann.backup_codes[number])
        for number, step in enumerate(steps)
    )
    assert counted(outcomes) == {"Admitted": 10}
    async with pair[0].desk.database.reading() as db:
        after = await accounts.find(db, ann.account.id)
    assert after is not None
    assert after.factors == {"totp"}


async def test_finishing_an_enrolment(nodes: Nodes) -> None:
    """Of many who finish one, one is shown the backup codes."""
    ann = await nodes[0].person(password=None)
    principal = await check_cookie(nodes[0].desk, (await let_in_by_password(nodes[0], ann)).secret.reveal())
    offered = await start_adding_totp(nodes[0].desk, principal)
    code = code_at(key_in(offered.secret), step_of(nodes[0].clock.now()))
    outcomes = await at_once(
        finish_adding_totp(nodes[number % 2].desk, visit(number), principal, code=code) for number in range(CROWD)
    )
    assert counted(outcomes) == {"tuple": 1, "Gone": CROWD - 1}


async def test_new_codes_against_an_old_one(pair: Nodes) -> None:
    """Whichever comes first: an old code that let somebody in is not among the ten that are left."""
    ann = await with_app(pair[0], password=None)
    step = await at_the_code(pair[0], ann.account)
    principal = await check_cookie(pair[1].desk, (await let_in(pair[1], ann.account)).secret.reveal())
    outcomes = await asyncio.gather(
        prove_backup_code(pair[0].desk, visit(1), step, code=ann.backup_codes[0]),
        make_backup_codes(pair[1].desk, visit(2), principal),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], tuple)
    assert type(outcomes[0]).__name__ in ("Admitted", "InvalidCode", "InvalidCredentials")
    async with pair[0].desk.database.reading() as db:
        assert (await codes_left(db, ann.account.id))[0] == 10


@pytest.mark.parametrize("first", ["remove", "make"])
async def test_removing_against_new_codes(pair: Nodes, first: str) -> None:
    """An account without a second factor is never left with backup codes."""
    ann = await with_app(pair[0])
    principal = await check_cookie(pair[0].desk, (await let_in(pair[0], ann.account)).secret.reveal())

    def remove(desk: Desk, who: Visit) -> Awaitable[object]:
        return remove_totp(desk, who, principal)

    def make(desk: Desk, who: Visit) -> Awaitable[object]:
        return make_backup_codes(desk, who, principal)

    order = (remove, make) if first == "remove" else (make, remove)
    await at_once(change(node.desk, visit(n)) for n, (node, change) in enumerate(zip(pair, order, strict=True)))
    async with pair[0].desk.database.reading() as db:
        after, (left, _) = await accounts.find(db, ann.account.id), await codes_left(db, ann.account.id)
    assert after is not None
    assert left == (10 if "totp" in after.factors else 0)
    assert ("backup_code" in after.factors) == bool(left)
