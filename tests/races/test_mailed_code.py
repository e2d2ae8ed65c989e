"""Fifty uses of one mailed code, over two nodes: one lets in. And fifty who ask for another code: three are mailed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attacks.census import row_counts
from tests.mailed import ANN, Coded, begun, code_for, to_code_page, type_code
from tests.races.conftest import Backing
from tests.races.nodes import Nodes, open_nodes, visit

CROWD = 50


@pytest.fixture
async def coded_nodes(backing: Backing, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open two nodes on each backing, where a mailed code is a way in."""
    codes = {"email_codes": True}
    async with open_nodes(backing[0], tmp_path, ephemeral=backing[1], sign_in=codes) as opened:
        yield opened


def seen_from(nodes: Nodes, way: Coded, number: int) -> Coded:
    """Go on with a sign-in at one of the nodes, from an address that nobody else has."""
    browser = nodes[number % 2].browser(address=visit(number).address)
    return Coded(browser, {"sign_in": way.sign_in, "continuation": way.continuation})


async def test_fifty_uses_of_one_code(coded_nodes: Nodes) -> None:
    await coded_nodes[0].person()
    way = await begun(coded_nodes[0].browser())
    await way.start()
    code = await code_for(coded_nodes[0])
    answers = await asyncio.gather(*(seen_from(coded_nodes, way, number).prove(code) for number in range(CROWD)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * (CROWD - 1)
    assert (await row_counts(coded_nodes[0]))["sessions"] == 1


async def test_fifty_presses_of_one_button(coded_nodes: Nodes) -> None:
    await coded_nodes[0].person()
    browser = coded_nodes[0].browser()
    shown, code = await to_code_page(coded_nodes[0], browser), await code_for(coded_nodes[0])
    others = [coded_nodes[number % 2].browser(address=visit(number).address) for number in range(CROWD)]
    for other in others:
        other.cookies.update(browser.cookies)
    answers = await asyncio.gather(*(type_code(other, shown, code) for other in others))
    assert sorted(answer.status_code for answer in answers) == [303] + [410] * (CROWD - 1)
    assert (await row_counts(coded_nodes[0]))["sessions"] == 1


async def test_fifty_askings_of_one_step(coded_nodes: Nodes) -> None:
    await coded_nodes[0].person()
    way = await begun(coded_nodes[0].browser())
    answers = await asyncio.gather(*(seen_from(coded_nodes, way, number).start() for number in range(CROWD)))
    statuses = [answer.status_code for answer in answers]
    assert 1 <= statuses.count(202) <= 3
    assert set(statuses) <= {202, 410, 429}
    assert len(await coded_nodes[0].mails(ANN)) == statuses.count(202)
