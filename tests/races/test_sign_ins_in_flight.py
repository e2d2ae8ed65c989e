"""Sign-ins in flight while what they rest on changes: when the change has returned, none of them is in.

All have found the account, and wait to be hashed, before the change begins: the epoch they carry is the one of before.
The early ones are let go together with the change, the late ones when it has returned.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.ending.close_account import close_account
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.recovery.finish import finish_recovery
from coatcheck.visit import Visit
from tests.races.nodes import (
    BASE,
    Nodes,
    cookies_of,
    hashing_held,
    in_line,
    sign_in_somewhere,
    statuses_of,
)
from tests.site import Site, sign_in

NEW_PASSWORD = "other words entirely now"
VISIT = Visit(base_url=BASE, address="203.0.113.99")


async def test_fifty_sign_ins_against_a_reset(nodes: Nodes) -> None:
    await nodes[0].person()
    async with nodes[0].browser() as asking:
        await asking.post("/api/recover", json={"email": "ann@example.org"})
    token = await nodes[0].token("ann@example.org")

    async with AsyncExitStack() as until_reset:
        async with hashing_held(nodes):
            early = [asyncio.create_task(sign_in_somewhere(nodes, number)) for number in range(25)]
            await in_line(nodes, 25)
            reset = asyncio.create_task(finish_recovery(nodes[0].desk, VISIT, token=token, new_password=NEW_PASSWORD))
            await in_line(nodes, 26)
            await until_reset.enter_async_context(hashing_held(nodes))
            late = [asyncio.create_task(sign_in_somewhere(nodes, number)) for number in range(25, 50)]
            await in_line(nodes, 53)
        await reset
    answers = await asyncio.gather(*early, *late)

    cookies = cookies_of(answers)
    assert len(cookies) > 0, "some were in before the reset: else this was no race"
    assert {answer.status_code for answer in answers[25:]} == {401}
    assert {answer.status_code for answer in answers} == {200, 401}
    for node in nodes:
        assert set(await statuses_of(node, cookies)) == {401}
    async with nodes[1].browser() as browser:
        assert (await sign_in(browser, "ann@example.org", NEW_PASSWORD)).status_code == 200


async def lock(node: Site, account: str) -> None:
    await lock_account(node.desk, VISIT, account=account, actor="operator")


async def end_all(node: Site, account: str) -> None:
    await end_sessions(node.desk, VISIT, account=account, actor=account)


async def close(node: Site, account: str) -> None:
    await close_account(node.desk, VISIT, account=account, actor=account)


@pytest.mark.parametrize("change", [lock, end_all, close])
async def test_fifty_sign_ins_against(nodes: Nodes, change: Callable[[Site, str], Awaitable[None]]) -> None:
    account = await nodes[0].person()
    async with AsyncExitStack() as until_changed:
        async with hashing_held(nodes):
            early = [asyncio.create_task(sign_in_somewhere(nodes, number)) for number in range(25)]
            await in_line(nodes, 25)
            await until_changed.enter_async_context(hashing_held(nodes))
            late = [asyncio.create_task(sign_in_somewhere(nodes, number)) for number in range(25, 50)]
            await in_line(nodes, 52)
        await asyncio.wait(early, return_when=asyncio.FIRST_COMPLETED)
        await change(nodes[1], account.id)
    answers = await asyncio.gather(*early, *late)

    cookies = cookies_of(answers)
    assert len(cookies) > 0
    assert {answer.status_code for answer in answers[25:]} == {401}
    for node in nodes:
        await node.follow_log()
        assert set(await statuses_of(node, cookies)) == {401}
