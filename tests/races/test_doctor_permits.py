"""A permit of the doctor that runs out while its account signs in: when it has ended, nobody is in."""

import asyncio

import httpx

from coatcheck.doctor.end_permit import end_permit, end_those_run_out
from coatcheck.doctor.make_permit import GOOD_FOR, make_permit
from coatcheck.doctor.permit import HEADER, Permit
from coatcheck.visit import Visit
from tests.races.nodes import BASE, Nodes, cookies_of, hashing_held, in_line, statuses_of, visit
from tests.site import sign_in

VISIT = Visit(base_url=BASE, address="203.0.113.99")


async def test_twenty_sign_ins_against_its_end(nodes: Nodes) -> None:
    permit = await make_permit(nodes[0].desk, VISIT, actor="operator")
    async with hashing_held(nodes):
        early = [asyncio.create_task(_sign_in(nodes, number, permit)) for number in range(10)]
        await in_line(nodes, 10)
    ending = asyncio.create_task(end_permit(nodes[1].desk, VISIT, secret=permit.header))
    late = [asyncio.create_task(_sign_in(nodes, number, permit)) for number in range(10, 20)]
    await ending
    answers = await asyncio.gather(*early, *late)
    assert {answer.status_code for answer in answers} <= {200, 401}
    for node in nodes:
        await node.follow_log()
        assert set(await statuses_of(node, cookies_of(answers))) <= {401}
    async with nodes[0].browser() as browser:
        assert (await sign_in(browser, permit.email, permit.password)).status_code == 401


async def test_every_worker_ends_those_that_have_run_out(pair: Nodes) -> None:
    for _ in range(5):
        await make_permit(pair[0].desk, VISIT, actor="operator")
    pair[0].clock.advance(GOOD_FOR)
    ended = await asyncio.gather(*(end_those_run_out(node.desk) for node in pair for _ in range(5)))
    assert sum(ended) == 5, "each once, whoever comes first"


async def _sign_in(nodes: Nodes, number: int, permit: Permit) -> httpx.Response:
    node = nodes[number % len(nodes)]
    async with node.browser(address=visit(number).address, headers={HEADER: permit.header}) as browser:
        return await sign_in(browser, permit.email, permit.password)
