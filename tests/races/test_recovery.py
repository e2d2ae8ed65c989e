"""Fifty recoveries with one link, over two nodes: one of them sets its password, and it stays."""

import asyncio

from tests.races.nodes import Nodes, visit
from tests.site import PASSWORD, sign_in

CROWD = 50


def password_of(number: int) -> str:
    return f"{number} brass kettles whistle"


async def test_fifty_recoveries_with_one_link(nodes: Nodes) -> None:
    await nodes[0].person()
    async with nodes[0].browser() as asking:
        await asking.post("/api/recover", json={"email": "ann@example.org"})
    token = await nodes[0].token("ann@example.org")

    async def recover(number: int) -> int:
        body = {"token": token, "new_password": password_of(number)}
        async with nodes[number % 2].browser(address=visit(number).address) as browser:
            return (await browser.post("/api/recover/new-password", json=body)).status_code

    statuses = await asyncio.gather(*(recover(number) for number in range(CROWD)))
    assert sorted(statuses) == [204] + [410] * (CROWD - 1)

    winner = statuses.index(204)
    async with nodes[1].browser() as browser:
        assert (await sign_in(browser, "ann@example.org", password_of((winner + 1) % CROWD))).status_code == 401
        assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 401
        assert (await sign_in(browser, "ann@example.org", password_of(winner))).status_code == 200
    assert len(await nodes[0].mails("ann@example.org")) == 2, "the link, and one word that the password was changed"
