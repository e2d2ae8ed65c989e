"""A role's end set anew while the clean-up takes it away: whichever comes second, the end that was set last holds."""

from datetime import timedelta

from coatcheck.access import records as access
from coatcheck.access.run_out import take_run_out
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.clock import millis
from coatcheck.gate.cookie import check_cookie
from coatcheck.visit import Visit
from tests.races.nodes import Nodes, at_once, let_in

CROWD = 12
HOUR = timedelta(hours=1)


async def test_prolonged_while_it_is_taken_away(pair: Nodes) -> None:
    first, clock = pair[0], pair[0].clock
    await create_role(first.desk, Visit(), role="editor", permissions=[], actor="operator")
    people = [await first.person(f"p{number}@example.org", password=None) for number in range(CROWD)]
    cookies = [(await let_in(pair[number % 2], ann, number)).secret.reveal() for number, ann in enumerate(people)]
    for person in people:
        end = clock.now() + millis(HOUR)
        await grant_role(first.desk, Visit(), account=person.id, role="editor", until=end, actor="operator")
    clock.advance(HOUR)
    for node in pair:
        await node.follow_log()
        assert {(await check_cookie(node.desk, cookie)).roles for cookie in cookies} == {frozenset()}
    until = clock.now() + millis(HOUR)
    given = [
        grant_role(pair[number % 2].desk, Visit(), account=ann.id, role="editor", until=until, actor="operator")
        for number, ann in enumerate(people)
    ]
    cleaned = [take_run_out(node.desk) for node in pair]
    await at_once([*given[: CROWD // 2], *cleaned, *given[CROWD // 2 :]])
    async with first.desk.database.reading() as db:
        held = [await access.assignments_of(db, person.id) for person in people]
    assert [[each.expires_at for each in own] for own in held] == [[until]] * CROWD
    for node in pair:
        await node.follow_log()
        assert {(await check_cookie(node.desk, cookie)).roles for cookie in cookies} == {frozenset({"editor"})}
