"""A role that allows more while it is given to many: whoever holds it afterwards has what it allows, everywhere."""

from itertools import chain

from coatcheck.admin.roles import create_role, grant_role
from coatcheck.gate.cookie import check_cookie
from coatcheck.visit import Visit
from tests.races.nodes import Nodes, at_once, let_in

MORE = ["notes:edit", "notes:delete", "notes:paint"]
CROWD = 20


async def test_changed_while_it_is_given(pair: Nodes) -> None:
    await create_role(pair[0].desk, Visit(), role="editor", permissions=[], actor="operator")
    people = [await pair[0].person(f"p{number}@example.org", password=None) for number in range(CROWD)]
    cookies = [(await let_in(pair[number % 2], ann, number)).secret.reveal() for number, ann in enumerate(people)]
    for node in pair:
        assert {(await check_cookie(node.desk, cookie)).permissions for cookie in cookies} == {frozenset()}

    given = (
        grant_role(pair[number % 2].desk, Visit(), account=ann.id, role="editor", actor="operator")
        for number, ann in enumerate(people)
    )
    changed = (
        create_role(pair[number % 2].desk, Visit(), role="editor", permissions=[more], actor="operator")
        for number, more in enumerate(MORE)
    )
    assert await at_once(chain(given, changed)) == [None] * (CROWD + len(MORE))
    for node in pair:
        await node.follow_log()
        assert {(await check_cookie(node.desk, cookie)).permissions for cookie in cookies} == {frozenset(MORE)}
