"""Whom a service calls and what it is, changed later: heeded at once, everywhere, and all of it or nothing."""

from collections.abc import Sequence

import pytest

from coatcheck.admin.service_audiences import change_audiences
from coatcheck.admin.services import create_service, disable_service, list_services
from coatcheck.audit.show import show
from coatcheck.clients.registration import MOST_AUDIENCES, Audience
from coatcheck.errors import BadInput, NotFound
from coatcheck.revocation import records
from coatcheck.revocation.event import Position
from tests.attacks.workers import another_worker
from tests.clients.machines import MAIL, NOTES, Machine, claims_of, machine
from tests.site import ORIGIN, VISIT, Site

CALLS_MAIL: Audience = ("calls", MAIL)
CALLS_NOTES: Audience = ("calls", NOTES)
SERVES_NOTES: Audience = ("serves", NOTES)


async def change(site: Site, made: Machine, *, add: Sequence[Audience] = (), remove: Sequence[Audience] = ()) -> None:
    await change_audiences(site.desk, VISIT, service=made.id, add=add, remove=remove, actor="operator")


async def head(site: Site) -> Position:
    async with site.desk.database.reading() as db:
        return await records.head(db)


async def test_one_more_to_call_and_the_tokens_it_has_go_on(site: Site) -> None:
    made = await machine(site, calls=[NOTES], serves=[NOTES])
    before = await made.token()
    assert (await made.ask_for_token(audience=MAIL)).json()["error"] == "invalid_target"
    await change(site, made, add=[CALLS_MAIL])
    assert await made.counts(before) is True
    assert claims_of(await made.token(audience=MAIL)).aud == MAIL
    assert (await made.ask_for_token()).json()["error"] == "invalid_target", "it has to say which now"
    [entry] = await show(site.desk, event="service.audiences_changed")
    assert (entry.account, entry.actor, entry.details) == (made.id, "operator", {"calls_added": MAIL})


async def test_whom_it_calls_no_more_refuses_the_tokens_it_has(site: Site) -> None:
    made, notes = await machine(site, calls=[NOTES, MAIL]), await machine(site, "notes", serves=[NOTES])
    before = await made.token(audience=NOTES)
    assert await notes.counts(before) is True
    await change(site, made, remove=[CALLS_NOTES])
    assert await notes.counts(before) is False
    assert (await made.ask_for_token(audience=NOTES)).json()["error"] == "invalid_target"
    assert claims_of(await made.token()).aud == MAIL


async def test_moving_to_another_is_one_change(site: Site) -> None:
    made = await machine(site, calls=[NOTES])
    await change(site, made, add=[CALLS_MAIL, SERVES_NOTES], remove=[CALLS_NOTES])
    [found] = await list_services(site.desk)
    assert (found.calls, found.serves) == ((MAIL,), (NOTES,))
    told = [entry.details for entry in await show(site.desk, event="service.audiences_changed")]
    assert told == [{"calls_removed": NOTES}, {"serves_added": NOTES}, {"calls_added": MAIL}]


async def test_what_it_is_no_more_it_is_not_told_of(site: Site) -> None:
    made, notes = await machine(site, calls=[NOTES]), await machine(site, "notes", serves=[NOTES])
    token = await made.token()
    assert await notes.counts(token) is True
    await change(site, notes, remove=[SERVES_NOTES])
    assert await notes.counts(token) is False
    await change(site, notes, add=[SERVES_NOTES])
    assert await notes.counts(token) is True, "it was alive all the time"


async def test_another_worker_hears_of_it(site: Site) -> None:
    made, notes = await machine(site, calls=[NOTES]), await machine(site, "notes", serves=[NOTES])
    async with another_worker(site) as other:
        there, asks = Machine(other, made.id, made.secret), Machine(other, notes.id, notes.secret)
        token = await there.token()
        assert await asks.counts(token) is True
        await change(site, notes, remove=[SERVES_NOTES])
        await change(site, made, add=[CALLS_MAIL])
        await other.follow_log()
        assert await asks.counts(token) is False
        assert claims_of(await there.token(audience=MAIL)).aud == MAIL
        await change(site, made, remove=[CALLS_MAIL, CALLS_NOTES])
        await other.follow_log()
        assert claims_of(await there.token()).aud == ORIGIN


async def test_adding_what_is_there_changes_nothing(site: Site) -> None:
    made = await machine(site, calls=[NOTES])
    before = await head(site)
    await change(site, made, add=[CALLS_NOTES])
    assert await head(site) == before
    assert await show(site.desk, event="service.audiences_changed") == []


@pytest.mark.parametrize(
    ("add", "remove", "refused"),
    [
        ([], [], BadInput),
        ([("calls", "two words")], [], BadInput),
        ([], [("serves", "")], BadInput),
        ([CALLS_MAIL, CALLS_MAIL], [], BadInput),
        ([CALLS_NOTES], [CALLS_NOTES], BadInput),
        ([CALLS_MAIL], [SERVES_NOTES], NotFound),
        ([("calls", f"urn:{number}") for number in range(MOST_AUDIENCES)], [], BadInput),
        ([("serves", f"urn:{number}") for number in range(MOST_AUDIENCES + 1)], [CALLS_NOTES], BadInput),
    ],
)
async def test_all_of_it_or_nothing(
    site: Site, add: list[Audience], remove: list[Audience], refused: type[Exception]
) -> None:
    made = await machine(site, calls=[NOTES])
    before = await head(site)
    with pytest.raises(refused):
        await change(site, made, add=add, remove=remove)
    [found] = await list_services(site.desk)
    assert (found.calls, found.serves, await head(site)) == ((NOTES,), (), before)
    assert await show(site.desk, event="service.audiences_changed") == []


async def test_as_many_as_there_may_be(site: Site) -> None:
    made = await machine(site, calls=[NOTES])
    many: list[Audience] = [("calls", f"urn:{number}") for number in range(MOST_AUDIENCES)]
    await change(site, made, add=[*many, SERVES_NOTES], remove=[CALLS_NOTES])
    assert len((await list_services(site.desk))[0].calls) == MOST_AUDIENCES
    with pytest.raises(BadInput):
        await create_service(
            site.desk,
            VISIT,
            name="more",
            permissions=[],
            calls=[NOTES, *(each for _, each in many)],
            serves=[],
            public_key=None,
            actor="operator",
        )


async def test_a_disabled_service_is_left_alone(site: Site) -> None:
    made = await machine(site)
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    with pytest.raises(NotFound):
        await change(site, made, add=[CALLS_MAIL])


async def test_every_database(every_site: Site) -> None:
    made = await machine(every_site, calls=[NOTES])
    await change(every_site, made, add=[CALLS_MAIL], remove=[CALLS_NOTES])
    assert claims_of(await made.token()).aud == MAIL
