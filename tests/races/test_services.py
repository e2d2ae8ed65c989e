"""Services at once, over two nodes: one assertion lets in once, two rotations leave two secrets."""

import asyncio
from datetime import timedelta

from coatcheck.admin.service_audiences import change_audiences
from coatcheck.admin.service_credentials import remove_credential, rotate_secret
from coatcheck.admin.services import disable_service, enable_service, grant_to_service, list_services
from coatcheck.clients.registration import MOST_AUDIENCES
from coatcheck.issuer.revoke_token import revoke_token
from tests.attacks.census import what_is_kept
from tests.clients.machines import REVOKE, Machine, claims_of, keyed_machine, machine, present
from tests.races.nodes import BASE, Nodes, at_once, counted, visit

CROWD = 50


async def test_fifty_present_one_assertion(pair: Nodes) -> None:
    service, key = await keyed_machine(pair[0])
    assertion = key.assertion(pair[0], service)
    answers = await asyncio.gather(*(present(pair[number % 2], assertion) for number in range(CROWD)))
    assert sorted(each.status_code for each in answers).count(200) == 1
    assert {each.status_code for each in answers} <= {200, 401, 429}


async def test_fifty_assertions_of_their_own(pair: Nodes) -> None:
    service, key = await keyed_machine(pair[0])
    assertions = [key.assertion(pair[0], service) for _ in range(CROWD)]
    answers = await asyncio.gather(*(present(pair[number % 2], each) for number, each in enumerate(assertions)))
    assert {each.status_code for each in answers} == {200}


async def test_two_rotate_at_once(pair: Nodes) -> None:
    made = await machine(pair[0])
    crowd = (rotate_secret(node.desk, visit(), service=made.id, actor="operator") for node in pair)
    assert counted(await at_once(crowd)) == {"Secret": 1, "Conflict": 1}
    [service] = await list_services(pair[0].desk)
    assert len(service.credentials) == 2


async def test_many_register_one_name(pair: Nodes) -> None:
    made = await at_once(machine(pair[number % 2], "reports") for number in range(10))
    assert counted(made) == {"Machine": 1, "Conflict": 9}


async def test_many_remove_one_credential(pair: Nodes) -> None:
    await machine(pair[0])
    [service] = await list_services(pair[0].desk)
    credential = service.credentials[0].id
    crowd = (
        remove_credential(pair[number % 2].desk, visit(), credential=credential, actor="operator")
        for number in range(20)
    )
    assert counted(await at_once(crowd)) == {"str": 1, "NotFound": 19}


async def test_fifty_enable_one_service(pair: Nodes) -> None:
    """One secret comes of it: a second one would let in somebody whom nobody knows of."""
    made = await machine(pair[0])
    await disable_service(pair[0].desk, visit(), service=made.id, actor="operator")
    crowd = (
        enable_service(pair[number % 2].desk, visit(number), service=made.id, actor="operator")
        for number in range(CROWD)
    )
    assert counted(await at_once(crowd)) == {"Secret": 1, "Conflict": CROWD - 1}
    [service] = await list_services(pair[0].desk)
    assert (service.status, len(service.credentials)) == ("active", 1)


async def test_many_fill_the_last_place_for_an_audience(pair: Nodes) -> None:
    made = await machine(pair[0], calls=[f"urn:{number}" for number in range(MOST_AUDIENCES - 1)])
    crowd = (
        change_audiences(
            pair[number % 2].desk,
            visit(number),
            service=made.id,
            add=[("calls", f"urn:more:{number}")],
            remove=[],
            actor="operator",
        )
        for number in range(10)
    )
    assert counted(await at_once(crowd)) == {"NoneType": 1, "BadInput": 9}
    assert len((await list_services(pair[0].desk))[0].calls) == MOST_AUDIENCES


async def test_many_take_one_token_back(pair: Nodes) -> None:
    """The bit is set once and one index takes its place, however many asked: else a crowd would use the list up."""
    made = await machine(pair[0])
    token = await made.token()
    form = {"token": token, "client_id": made.id, "client_secret": made.secret}
    desks = [pair[number % 2].desk for number in range(20)]
    crowd = (revoke_token(desk, visit(), form, endpoint=BASE + REVOKE) for desk in desks)
    assert counted(await at_once(crowd)) == {"NoneType": 20}
    indices = (await what_is_kept(pair[0], "status_indices"))["status_indices"]
    assert [row[-1] is None for row in indices].count(True) == 1
    assert len(indices) == 2
    assert [await made.counts(each) for each in (token, await made.token())] == [False, True]


async def test_no_token_outlives_the_change_it_was_issued_beside(pair: Nodes) -> None:
    """Tokens are issued while a permission is given: those that do not say it are refused afterwards."""
    made = await machine(pair[0])
    there = Machine(pair[1], made.id, made.secret)
    await asyncio.gather(made.token(), there.token())
    issuing = [each.token() for each in (made, there) for _ in range(20)]
    granting = grant_to_service(pair[0].desk, visit(), service=made.id, permission="notes:delete", actor="operator")
    *tokens, _ = await asyncio.gather(*issuing, granting)
    for node in pair:
        await node.follow_log()
    for token in map(str, tokens):
        assert await made.counts(token) == ("notes:delete" in claims_of(token).scope)


async def test_a_secret_removed_here_is_refused_there_within_the_bound(pair: Nodes) -> None:
    made = await machine(pair[0])
    there = Machine(pair[1], made.id, made.secret)
    token = await there.token()
    [service] = await list_services(pair[0].desk)
    await remove_credential(pair[0].desk, visit(), credential=service.credentials[0].id, actor="operator")
    assert (await made.ask_for_token()).status_code == 401, "here at once"
    pair[1].clock.advance(timedelta(seconds=1, milliseconds=1))
    assert (await there.ask_for_token()).status_code == 401, "there when the bound has passed, log or no log"
    witness = await machine(pair[1], "witness")
    assert await witness.counts(token) is False
