"""Two changes of one password at once: one is done, the other told to look again, and no session of before is left."""

import asyncio

from coatcheck.gate.cookie import check_cookie
from coatcheck.my_account.change_password import change_password
from tests.races.nodes import (
    Nodes,
    at_once,
    counted,
    hashing_held,
    in_line,
    let_in,
    sign_in_somewhere,
    statuses_of,
    visit,
)
from tests.site import PASSWORD

NEW_PASSWORDS = ("other words entirely now", "yet other words by far")


async def test_two_at_once(pair: Nodes) -> None:
    """In two tabs of one browser: the session is there for both, and only the epoch tells the second it is late."""
    ann = await pair[0].person()
    cookies = [(await let_in(pair[0], ann)).secret.reveal() for _ in range(4)]
    principal = await check_cookie(pair[0].desk, cookies[0])
    async with hashing_held(pair):
        # Both have found the account, and go on together.
        crowd = asyncio.create_task(
            at_once(
                change_password(node.desk, visit(number), principal, password=PASSWORD, new_password=new)
                for number, (node, new) in enumerate(zip(pair, NEW_PASSWORDS, strict=True))
            )
        )
        await in_line(pair, 2)
    outcomes = await crowd
    assert counted(outcomes) == {"tuple": 1, "SessionEnded": 1}

    winner, new_cookie = next(
        (number, outcome[1].reveal()) for number, outcome in enumerate(outcomes) if isinstance(outcome, tuple)
    )
    signed_in = [(await sign_in_somewhere(pair, number, new)).status_code for number, new in enumerate(NEW_PASSWORDS)]
    assert signed_in == [200 if number == winner else 401 for number in range(2)]
    for node in pair:
        await node.follow_log()
        assert await statuses_of(node, cookies) == [401] * 4
        assert await statuses_of(node, [new_cookie]) == [200]


async def test_against_sign_ins(pair: Nodes) -> None:
    """Sign-ins with the old password that wait to be hashed when it is changed are not let in."""
    ann = await pair[0].person()
    mine = (await let_in(pair[0], ann)).secret.reveal()
    principal = await check_cookie(pair[0].desk, mine)
    async with hashing_held(pair):
        sign_ins = [asyncio.create_task(sign_in_somewhere(pair, number)) for number in range(4)]
        await in_line(pair, 4)
        change = asyncio.create_task(
            change_password(pair[0].desk, visit(9), principal, password=PASSWORD, new_password=NEW_PASSWORDS[0])
        )
        sign_ins += [asyncio.create_task(sign_in_somewhere(pair, number)) for number in range(4, 12)]
        await in_line(pair, 13)
    session, secret = await change
    answers = await asyncio.gather(*sign_ins)
    admitted = [answer.json()["session"]["id"] for answer in answers if answer.status_code == 200]
    cookies = [answer.cookies["__Host-coatcheck"] for answer in answers if answer.status_code == 200]
    assert session.id not in admitted
    assert set(await statuses_of(pair[0], cookies)) <= {401}
    assert await statuses_of(pair[0], [mine, secret.reveal()]) == [401, 200]
