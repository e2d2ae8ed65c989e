"""Two who change what roles inherit at once close no circle; who is given a role meanwhile has what it reaches."""

from itertools import chain, pairwise
from pathlib import Path

from coatcheck.access import records as access
from coatcheck.access.inheritance import paths_from
from coatcheck.admin.delete_role import delete_role
from coatcheck.admin.inherit_role import disinherit_role, inherit_role
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.errors import BadInput, NotFound, SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.visit import Visit
from tests.races.nodes import Nodes, at_once, counted, let_in, open_nodes

RING = [f"role{number}" for number in range(6)]
CROWD = 20


async def make(node_of: Nodes, *roles: str) -> None:
    for role in roles:
        await create_role(node_of[0].desk, Visit(), role=role, permissions=[f"{role}:use"], actor="operator")


async def sound(nodes: Nodes) -> dict[str, frozenset[str]]:
    """Make sure that no role reaches itself by another, and that what is written is what is inherited."""
    async with nodes[0].desk.database.reading() as db:
        parents, written = dict(await access.parents_of_all(db)), await access.reach_of_all(db)
    roles = {role for role, _ in written}
    assert written == {(role, reached) for role in roles for reached in paths_from(parents, role)}
    assert all(role not in paths_from(parents, parent) for role in roles for parent in parents.get(role, ()))
    return parents


async def test_two_who_would_close_a_circle(pair: Nodes) -> None:
    await make(pair, "editor", "reader")
    both = [("editor", "reader"), ("reader", "editor")]
    ended = await at_once(
        inherit_role(node.desk, Visit(), role=role, parent=parent, actor="operator")
        for node, (role, parent) in zip(pair, both, strict=True)
    )
    assert counted(ended) == {"NoneType": 1, "BadInput": 1}
    assert len(await sound(pair)) == 1


async def test_a_ring_of_many_lacks_one_link(pair: Nodes) -> None:
    await make(pair, *RING)
    links = list(zip(RING, [*RING[1:], RING[0]], strict=True)) * 2
    ended = await at_once(
        inherit_role(pair[number % 2].desk, Visit(), role=role, parent=parent, actor="operator")
        for number, (role, parent) in enumerate(links)
    )
    refused = [each for each in ended if each is not None]
    assert len(refused) == 2
    assert all(isinstance(each, BadInput) for each in refused), "the same link, each time it was asked for"
    assert len(await sound(pair)) == len(RING) - 1


async def test_made_and_unmade_at_once(pair: Nodes) -> None:
    await make(pair, *RING)
    links = list(pairwise(RING))
    made = (
        inherit_role(pair[number % 2].desk, Visit(), role=role, parent=parent, actor="operator")
        for number, (role, parent) in enumerate(links)
    )
    unmade = (
        disinherit_role(pair[number % 2].desk, Visit(), role=role, parent=parent, actor="operator")
        for number, (role, parent) in enumerate(links)
    )
    await at_once(chain(made, unmade))
    await sound(pair)


async def test_given_while_it_comes_to_inherit(pair: Nodes) -> None:
    await make(pair, "editor", "reader", "guest")
    people = [await pair[0].person(f"p{number}@example.org", password=None) for number in range(CROWD)]
    cookies = [(await let_in(pair[number % 2], ann, number)).secret.reveal() for number, ann in enumerate(people)]
    for node in pair:
        assert {(await check_cookie(node.desk, cookie)).roles for cookie in cookies} == {frozenset()}
    given = (
        grant_role(pair[number % 2].desk, Visit(), account=ann.id, role="editor", actor="operator")
        for number, ann in enumerate(people)
    )
    inherits = (
        inherit_role(pair[number % 2].desk, Visit(), role=role, parent=parent, actor="operator")
        for number, (role, parent) in enumerate([("editor", "reader"), ("reader", "guest")])
    )
    assert await at_once(chain(given, inherits)) == [None] * (CROWD + 2)
    for node in pair:
        await node.follow_log()
        assert {(await check_cookie(node.desk, cookie)).roles for cookie in cookies} == {
            frozenset({"editor", "reader", "guest"})
        }


async def test_given_while_it_comes_to_ask_for_a_level(ready: str, tmp_path: Path) -> None:
    """Each is ended by the gift or by the change, whichever comes second: nobody slips through between them."""
    asks = {"role_levels": ["chief = aal2"]}
    async with open_nodes(ready, tmp_path, sign_in=asks) as pair:
        await make(pair, "editor", "chief")
        people = [await pair[0].person(f"p{number}@example.org", password=None) for number in range(CROWD)]
        cookies = [(await let_in(pair[number % 2], ann, number)).secret.reveal() for number, ann in enumerate(people)]
        given = [
            grant_role(pair[number % 2].desk, Visit(), account=ann.id, role="editor", actor="operator")
            for number, ann in enumerate(people)
        ]
        inherits = inherit_role(pair[1].desk, Visit(), role="editor", parent="chief", actor="operator")
        await at_once([*given[: CROWD // 2], inherits, *given[CROWD // 2 :]])
        for cookie in cookies:
            outcome = (await at_once([check_cookie(pair[0].desk, cookie)]))[0]
            assert isinstance(outcome, SessionEnded)


async def test_given_while_it_is_deleted(pair: Nodes) -> None:
    await make(pair, "editor")
    people = [await pair[0].person(f"p{number}@example.org", password=None) for number in range(CROWD)]
    cookies = [(await let_in(pair[number % 2], ann, number)).secret.reveal() for number, ann in enumerate(people)]
    given = [
        grant_role(pair[number % 2].desk, Visit(), account=ann.id, role="editor", actor="operator")
        for number, ann in enumerate(people)
    ]
    deleted = [delete_role(node.desk, Visit(), role="editor", actor="operator") for node in pair]
    ended = await at_once([*given[: CROWD // 2], *deleted, *given[CROWD // 2 :]])
    assert all(each is None or isinstance(each, int | BadInput | NotFound) for each in ended)
    for node in pair:
        await node.follow_log()
        assert {(await check_cookie(node.desk, cookie)).roles for cookie in cookies} == {frozenset()}
