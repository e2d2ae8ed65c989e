"""Confirmations of sign-ups at once, over two nodes: one address, one account."""

import re
from datetime import timedelta

from sqlalchemy import func, select

from coatcheck.signup.ask import ask_to_sign_up
from coatcheck.signup.confirm import confirm_sign_up
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.signup import sign_ups
from coatcheck.visit import Visit
from tests.races.nodes import BASE, Nodes, at_once, counted
from tests.site import PASSWORD, TOKEN, Site

CROWD = 50
HOME = Visit(base_url=BASE, address="203.0.113.7", browser="the browser that asked")


async def asked(node: Site, email: str, username: str | None = None) -> str:
    """Sign up; give the token that was mailed."""
    node.clock.advance(timedelta(seconds=1))
    await ask_to_sign_up(node.desk, HOME, email=email, password=PASSWORD, username=username)
    found = re.search(TOKEN, (await node.mails())[0].text)
    assert found is not None
    return found[1]


async def how_many(node: Site) -> tuple[int, int]:
    """Count the accounts, and the sign-ups that wait."""
    async with node.desk.database.reading() as db:
        made = (await db.execute(select(func.count()).select_from(accounts))).scalar_one()
        waiting = (await db.execute(select(func.count()).select_from(sign_ups))).scalar_one()
    return made, waiting


async def test_fifty_confirmations_of_one_link(nodes: Nodes) -> None:
    token = await asked(nodes[0], "ann@example.org")
    crowd = (confirm_sign_up(nodes[number % 2].desk, HOME, token=token) for number in range(CROWD))
    assert counted(await at_once(crowd)) == {"NoneType": 1, "Gone": CROWD - 1}
    assert await how_many(nodes[0]) == (1, 0)


async def test_different_sign_ups_for_one_address(nodes: Nodes) -> None:
    """Each holds its own attempt and wants the others' gone: on PostgreSQL they once waited for one another."""
    for times in range(1, 6):
        email = f"ann{times}@example.org"
        tokens = [await asked(nodes[0], email) for _ in range(3)]
        crowd = (confirm_sign_up(nodes[number % 2].desk, HOME, token=token) for number, token in enumerate(tokens))
        assert counted(await at_once(crowd)) == {"NoneType": 1, "Gone": 2}
        assert await how_many(nodes[0]) == (times, 0)


async def test_one_username_for_two_addresses(nodes: Nodes) -> None:
    """Both get their account; the one that comes second gets it without the name, at the latest when tried again."""
    tokens = [await asked(nodes[0], f"{name}@example.org", "sparrow") for name in ("ann", "ben")]
    for _ in range(2):
        await at_once(confirm_sign_up(node.desk, HOME, token=token) for node, token in zip(nodes, tokens, strict=True))
    assert await how_many(nodes[0]) == (2, 0)
    async with nodes[0].desk.database.reading() as db:
        names = list((await db.execute(select(accounts.c.username))).scalars())
    assert sorted(names, key=str) == [None, "sparrow"]
