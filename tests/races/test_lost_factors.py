"""Recoveries of second factors over two nodes: one begins, one finishes, and called off and finished are never both."""

import asyncio
from collections import Counter

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.reset_factors import reset_factors
from coatcheck.errors import CoatcheckError
from coatcheck.recovery.begin_wait import begin_wait
from coatcheck.recovery.call_off import call_off
from coatcheck.recovery.notices import tell_owner
from coatcheck.recovery.remove_lost import remove_lost_factors
from tests.races.nodes import Nodes, at_once, counted, visit
from tests.recovery.lost import ANN, FACTORS, HALF, asked, begun, due, enrolled, mailed, rows_kept
from tests.site import PASSWORD, Site, sign_in

CROWD = 20


async def account_of(site: Site, account: str) -> Account:
    """Give an account as it is now."""
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account)
    assert found is not None
    return found


async def test_one_link_begins_once(pair: Nodes) -> None:
    await enrolled(pair[0])
    token = await asked(pair[0])
    outcomes = await at_once(begin_wait(pair[n % 2].desk, visit(n), token=token) for n in range(CROWD))
    assert counted(outcomes) == Counter(int=1, Gone=CROWD - 1)
    assert len(await pair[0].mails(ANN)) == 2, "the link, and one notice"


async def test_a_notice_goes_once(pair: Nodes) -> None:
    ann = await enrolled(pair[0])
    await begun(pair[0])
    pair[0].clock.advance(HALF)
    await asyncio.gather(*(tell_owner(pair[n % 2].desk, ann.id) for n in range(CROWD)))
    assert len(await pair[0].mails(ANN)) == 3


async def test_one_link_finishes_once(pair: Nodes) -> None:
    ann = await enrolled(pair[0])
    token = await due(pair[0])
    outcomes = await at_once(
        remove_lost_factors(pair[n % 2].desk, visit(n), token=token, password=PASSWORD) for n in range(8)
    )
    assert counted(outcomes) == Counter(NoneType=1, Gone=7)
    assert await rows_kept(pair[0]) == [0, 0, 0, 0]
    assert (await account_of(pair[0], ann.id)).epoch == ann.epoch + 1


async def test_called_off_and_finished_are_never_both(pair: Nodes) -> None:
    ann = await enrolled(pair[0])
    token = await due(pair[0])
    stop = await mailed(pair[0], "call-off")
    finishing = remove_lost_factors(pair[0].desk, visit(1), token=token, password=PASSWORD)
    stopping = call_off(pair[1].desk, visit(2), token=stop)
    finished, called_off = await at_once([finishing, stopping])
    assert isinstance(finished, CoatcheckError) != isinstance(called_off, CoatcheckError)
    kept = (await account_of(pair[0], ann.id)).factors
    assert kept == (frozenset(FACTORS) if called_off is None else frozenset())


async def test_reset_by_two_administrators_and_finished_at_once(pair: Nodes) -> None:
    ann = await enrolled(pair[0])
    token = await due(pair[0])
    outcomes = await at_once(
        [
            remove_lost_factors(pair[0].desk, visit(1), token=token, password=PASSWORD),
            *(reset_factors(pair[n % 2].desk, visit(n), account=ann.id, actor=f"acc_{n}") for n in range(4)),
        ]
    )
    assert counted(outcomes)["NoneType"] == 1
    assert (await account_of(pair[0], ann.id)).epoch == ann.epoch + 1
    async with pair[1].browser() as browser:
        assert (await sign_in(browser, ANN, PASSWORD)).json()["status"] == "admitted"
