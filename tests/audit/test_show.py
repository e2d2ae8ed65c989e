"""Showing events: newest first, page by page."""

from coatcheck.audit.erase import erase
from coatcheck.audit.show import details_in_words, show
from coatcheck.desk import Desk
from tests.audit.desks import ANN, BOB, HOME, happen, tamper


async def test_pages_from_the_newest_on(desk: Desk) -> None:
    await happen(desk, 5)
    first = await show(desk, limit=2)
    second = await show(desk, limit=2, before_id=first[-1].id)
    third = await show(desk, limit=2, before_id=second[-1].id)
    assert [entry.id for page in (first, second, third) for entry in page] == [5, 4, 3, 2, 1]
    assert await show(desk, before_id=third[-1].id) == []


async def test_filters(desk: Desk) -> None:
    await happen(desk, 2)
    await happen(desk, 1, account=BOB)
    assert [entry.account for entry in await show(desk, account=BOB)] == [BOB]
    assert len(await show(desk, account=ANN, event="sign_in.done")) == 2
    assert await show(desk, event="sign_out.done") == []


async def test_erased_and_damaged_rows_are_shown(desk: Desk) -> None:
    await happen(desk, visit=HOME)
    async with desk.database.writing() as tx:
        await erase(tx, ANN)
    await tamper(desk, "UPDATE audit_events SET details = '[not json'")
    [entry] = await show(desk)
    assert (entry.address, entry.user_agent, entry.email) == (None, None, None)
    assert entry.details == {"damaged": "[not json"}


async def test_limit_has_bounds(desk: Desk) -> None:
    await happen(desk, 2)
    assert len(await show(desk, limit=0)) == 1
    assert len(await show(desk, limit=10**9)) == 2


def test_details_in_words() -> None:
    details = {"in_place_of_another": False, "is_first": True, "permissions": "", "count": 0, "service": None, "n": "x"}
    assert details_in_words(details) == {
        "in place of another": "no",
        "is first": "yes",
        "permissions": "none",
        "count": "0",
        "service": "none",
        "n": "x",
    }
