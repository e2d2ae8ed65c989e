"""The queue: what a person did without the network arrives in order, once, and as theirs alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route

from tests.sdk.house import Pages, Person, Refused, Tab, with_authenticator
from tests.sdk.letters import add, arrived, bodies, cut, join, letter, offline, will_answer

HEAR = "globalThis.heard = []; coatcheck.addEventListener('queue', ({ detail }) => heard.push(detail.type));"


async def somebody(pages: Pages, **options: Any) -> tuple[Tab, Person]:
    tab = await pages.open(**options)
    person = await pages.house.person()
    await tab.sign_in(person)
    return tab, person


async def test_what_was_added_without_the_network_arrives_in_order_and_once(pages: Pages) -> None:
    tab, person = await somebody(pages)
    await tab.run(HEAR)
    async with offline(tab):
        await add(tab, "one", "two")
        await add(tab, "three", headers={"x-note": "mine"})
        assert (await tab.state())["queue"] == {"waiting": 3, "stopped": None}
        listed = await tab.run("coatcheck.queue.list()")
        assert [each["body"] for each in listed] == [letter("one"), letter("two"), letter("three")]
        assert await bodies(pages.house, person) == []
    await tab.until("state.queue.waiting === 0")
    came = await arrived(pages.house, person)
    assert [each["body"] for each in came] == [letter("one"), letter("two"), letter("three")]
    assert [each["idempotency-key"] for each in came] == [each["key"] for each in listed]
    assert len({each["key"] for each in listed}) == 3
    assert came[2]["x-note"] == "mine"
    assert {each["content-type"] for each in came} == {"application/json"}
    assert await tab.run("heard") == ["added"] * 3 + ["sent"] * 3


async def test_with_the_network_it_is_sent_at_once(pages: Pages) -> None:
    tab, person = await somebody(pages)
    given = await tab.run(
        "const sent = new Promise((done) => coatcheck.addEventListener('queue', async ({ detail }) =>"
        " detail.type === 'sent' && done([detail.status, await detail.answer.json()])));"
        "await coatcheck.queue.add({ method: 'PUT', url: '/api/inbox', text: 'plain' }); return sent;"
    )
    assert given[0] == 201
    [came] = await arrived(pages.house, person)
    assert (came["method"], came["body"], came["content-type"]) == ("PUT", "plain", "text/plain;charset=UTF-8")


async def test_it_survives_closing_the_browser(pages: Pages, chromium: Path, tmp_path: Path) -> None:
    async with pages.profile(tmp_path, chromium) as context:
        tab = await pages.tab(context)
        person = await pages.house.person()
        await tab.sign_in(person)
        await cut(context)
        await add(tab, "one", "two")
    async with pages.profile(tmp_path, chromium) as context:
        await cut(context)
        tab = await pages.tab(context)
        state = await tab.state()
        assert (state["status"], state["account"]["id"], state["queue"]["waiting"]) == ("signed_in", person.id, 2)
        assert await bodies(pages.house, person) == []
        await join(context)
        await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, person) == [letter("one"), letter("two")]


async def test_an_answer_that_got_lost_costs_nothing(pages: Pages) -> None:
    tab, person = await somebody(pages)
    lost = []

    async def lose(route: Route) -> None:
        lost.append((await route.fetch()).status)
        await route.abort("connectionreset")

    await tab.page.route("**/api/inbox", lose, times=1)
    await add(tab, "one", "two")
    await tab.run("coatcheck.queue.send()")
    await tab.until("state.queue.waiting === 0")
    assert lost == [201]
    came = await arrived(pages.house, person)
    assert [each["body"] for each in came] == [letter("one"), letter("one"), letter("two")]
    assert came[0]["idempotency-key"] == came[1]["idempotency-key"] != came[2]["idempotency-key"]


async def test_two_tabs_at_once_send_nothing_twice(pages: Pages) -> None:
    tab, person = await somebody(pages)
    other = await pages.tab(tab.page.context)
    texts = [f"letter {number}" for number in range(12)]
    async with offline(tab):
        await add(tab, *texts[:6])
        await add(other, *texts[6:])
        assert (await tab.state())["queue"] == (await other.state())["queue"] == {"waiting": 12, "stopped": None}
    for each in (tab, other):
        await each.until("state.queue.waiting === 0")
    assert await bodies(pages.house, person) == [letter(text) for text in texts]


async def test_a_session_that_was_ended_meanwhile_sends_nothing(pages: Pages) -> None:
    """The same person finds all of it again, and then it is sent."""
    tab, person = await somebody(pages)
    await tab.run("coatcheck.data.put('draft', { text: 'half' })")
    async with offline(tab):
        await add(tab, "one", "two")
        await pages.house.end_sessions(person)
    await tab.until("state.status === 'ended'")
    assert (await tab.state())["queue"] == {"waiting": 2, "stopped": None}
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.queue.list()")
    assert refused.value.code == "not_signed_in"
    assert await bodies(pages.house, person) == []
    await tab.sign_in(person)
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, person) == [letter("one"), letter("two")]
    assert await tab.run("coatcheck.data.get('draft')") == {"text": "half"}


async def test_another_person_opens_and_sends_nothing(pages: Pages) -> None:
    tab, ann = await somebody(pages)
    await tab.run("coatcheck.data.put('draft', 'of Ann')")
    ben = await pages.house.person()
    async with offline(tab):
        [hers] = await add(tab, "of Ann")
        await pages.house.end_sessions(ann)
    await tab.until("state.status === 'ended'")
    await tab.sign_in(ben)
    assert (await tab.state())["queue"] == {"waiting": 0, "stopped": None}
    assert await tab.run("coatcheck.queue.list()") == []
    assert await tab.run("coatcheck.data.get('draft')") is None
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.queue.drop(id)", id=hers)
    assert refused.value.code == "not_in_queue"
    await add(tab, "of Ben")
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, ben) == [letter("of Ben")]
    assert await bodies(pages.house, ann) == []
    await tab.sign_in(ann)
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, ann) == [letter("of Ann")]
    assert await tab.run("coatcheck.data.get('draft')") == "of Ann"


CONFLICT = {"status": 409, "problem": {"code": "as_told_409", "title": "As the test wants it."}}
ONWARD = {
    "retry": ("coatcheck.queue.retry()", ["one", "one", "two"]),
    "drop": ("coatcheck.queue.drop(id)", ["one", "two"]),
    "change": ("coatcheck.queue.change(id, { json: { text: 'better' } })", ["one", "better", "two"]),
}


@pytest.mark.parametrize("way", ONWARD)
async def test_at_a_conflict_it_stops_for_a_person(way: str, pages: Pages) -> None:
    tab, person = await somebody(pages)
    await will_answer(pages.house, person, (409, {}))
    async with offline(tab):
        first, _ = await add(tab, "one", "two")
    await tab.until("state.queue.stopped !== null")
    assert (await tab.state())["queue"] == {"waiting": 2, "stopped": {"id": first, **CONFLICT}}
    await tab.reload()
    assert (await tab.state())["queue"] == {"waiting": 2, "stopped": {"id": first, **CONFLICT}}
    await tab.run("coatcheck.queue.send()")
    assert await bodies(pages.house, person) == [letter("one")]
    code, came = ONWARD[way]
    await tab.run(code, id=first)
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, person) == [letter(text) for text in came]
    keys = [each["idempotency-key"] for each in await arrived(pages.house, person)]
    assert len(set(keys)) == len(keys), "what was refused is another request when it comes again"


@pytest.mark.parametrize("status", [400, 404, 412, 422])
async def test_at_a_refusal_it_stops_too(status: int, pages: Pages) -> None:
    tab, person = await somebody(pages)
    await will_answer(pages.house, person, (status, {}))
    await add(tab, "one")
    await tab.until("state.queue.stopped !== null")
    assert (await tab.state())["queue"]["stopped"]["status"] == status


@pytest.mark.parametrize("status", [409, 429, 503])
async def test_a_service_that_asks_to_wait_is_waited_for(status: int, pages: Pages) -> None:
    tab, person = await somebody(pages)
    await will_answer(pages.house, person, (status, {"retry-after": "1"}))
    began = await tab.run("performance.now()")
    await add(tab, "one", "two")
    await tab.until("state.queue.waiting === 0")
    assert await tab.run("performance.now()") - began > 1000
    came = await arrived(pages.house, person)
    assert [each["body"] for each in came] == [letter("one"), letter("one"), letter("two")]
    assert came[0]["idempotency-key"] == came[1]["idempotency-key"]


async def test_what_may_have_been_done_is_not_changed(pages: Pages) -> None:
    tab, person = await somebody(pages)
    await tab.page.route("**/api/inbox", lambda route: route.abort("connectionreset"))
    [one] = await add(tab, "one")
    await tab.until("!state.online")
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.queue.change(id, { json: 2 })", id=one)
    assert refused.value.code == "in_doubt"
    await tab.run("coatcheck.queue.drop(id)", id=one)
    assert (await tab.state())["queue"] == {"waiting": 0, "stopped": None}
    assert await bodies(pages.house, person) == []


BAD = {
    "where no token may go": "{ method: 'POST', url: 'https://elsewhere.example/', json: 1 }",
    "a header of ours": "{ method: 'POST', url: '/api/inbox', headers: { Authorization: 'mine' } }",
    "no request": "{ method: 'GET', url: '/api/inbox', text: 'a body' }",
}


@pytest.mark.parametrize("what", BAD)
async def test_what_could_never_be_sent_is_refused_at_once(what: str, pages: Pages) -> None:
    tab, _ = await somebody(pages)
    code = f"try {{ await coatcheck.queue.add({BAD[what]}); }} catch (error) {{ return error.name; }}"
    assert await tab.run(code) == "TypeError"
    assert (await tab.state())["queue"]["waiting"] == 0


async def test_it_has_limits(pages: Pages) -> None:
    tab, person = await somebody(pages)
    with pytest.raises(Refused) as refused:
        await add(tab, "x" * 262_144)
    assert refused.value.code == "too_large"
    async with offline(tab):
        await add(tab, *map(str, range(500)))
        with pytest.raises(Refused) as refused:
            await add(tab, "one more")
        assert refused.value.code == "queue_full"
        assert (await tab.state())["queue"]["waiting"] == 500
        await tab.run("for (const { id } of (await coatcheck.queue.list()).slice(3)) await coatcheck.queue.drop(id);")
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, person) == [letter(str(number)) for number in range(3)]


FULL = """for (const name of ["add", "put"]) {
  const write = IDBObjectStore.prototype[name];
  IDBObjectStore.prototype[name] = function (...given) {
    if (!globalThis.isFull) return write.apply(this, given);
    Object.defineProperty(this.transaction, "error", { value: new DOMException("no room", "QuotaExceededError") });
    this.transaction.abort();
    return {};
  };
}"""


async def test_where_the_disk_is_full_it_says_so_and_loses_nothing(pages: Pages) -> None:
    """No browser's tool makes its disk full for IndexedDB, so the page says it."""
    tab, person = await somebody(pages, init=FULL)
    async with offline(tab):
        await add(tab, "one")
        await tab.run("globalThis.isFull = true")
        for code in ("coatcheck.data.put('draft', 1)", "coatcheck.queue.add({ method: 'POST', url: '/api/inbox' })"):
            with pytest.raises(Refused) as refused:
                await tab.run(code)
            assert refused.value.code == "no_room"
        assert (await tab.state())["queue"]["waiting"] == 1
    await tab.until("state.online")
    assert (await tab.state())["status"] == "signed_in"
    assert await bodies(pages.house, person) == []
    await tab.run("globalThis.isFull = false")
    await tab.run("coatcheck.queue.send()")
    assert await bodies(pages.house, person) == [letter("one")]


CONFIRM = """coatcheck.close();
const { Coatcheck } = await import(`${sdk}/index.js`);
globalThis.coatcheck = await Coatcheck.open({ issuer, confirm: async (asked, own) => {
  if (globalThis.isCalledOff) throw new CoatcheckError({ code: "called_off" });
  await own.prove(await own.stepUp(asked.challenge), "passkey");
} });"""
PAYROLL = "coatcheck.queue.add({ method: 'POST', url: '/api/payroll', json: 1 })"


async def test_one_that_needs_a_fresh_sign_in_waits_for_the_person(pages: Pages) -> None:
    tab, _ = await somebody(pages)
    await with_authenticator(tab)
    await tab.run("coatcheck.addPasskey()")
    await tab.run(PAYROLL)
    await tab.until("state.queue.stopped !== null")
    stopped = (await tab.state())["queue"]["stopped"]
    assert (stopped["status"], stopped["problem"]["code"]) == (403, "fresh_sign_in_needed")
    # With `confirm` the person is asked, and may call it off.
    house = pages.house
    await tab.run(f"globalThis.isCalledOff = true; {CONFIRM}", issuer=f"{house.url}/auth", sdk=house.sdk)
    await tab.run("coatcheck.queue.retry()")
    await tab.run("coatcheck.queue.send()")
    assert (await tab.state())["queue"]["stopped"]["status"] == 403
    await tab.run("globalThis.isCalledOff = false")
    await tab.run("coatcheck.queue.retry()")
    await tab.until("state.queue.waiting === 0")
    assert (await tab.state())["session"]["acr"] == "aal2"


async def test_what_belongs_to_somebody_is_never_sent_as_somebody_else(pages: Pages) -> None:
    """Another tab signs somebody in while the first one is about to send: it is kept, and not sent with their token."""
    tab, ann = await somebody(pages)
    other = await pages.tab(tab.page.context)
    ben = await pages.house.person()
    held: list[Route] = []
    is_held = asyncio.Event()

    async def hold(route: Route) -> None:
        held.append(route)
        is_held.set()

    await tab.page.route("**/api/inbox", hold, times=1)
    await add(tab, "of Ann", "also of Ann")
    await asyncio.wait_for(is_held.wait(), 10)
    await other.sign_in(ben)
    await tab.until(f"state.account?.id === '{ben.id}'")
    await pages.house.end_sessions(ann)  # as the other tab does, but by now it is done
    await held[0].continue_()
    await tab.run("coatcheck.queue.send()")
    assert await bodies(pages.house, ben) == []
    assert await bodies(pages.house, ann) == []
    await tab.sign_in(ann)
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, ann) == [letter("of Ann"), letter("also of Ann")]


async def test_what_one_tab_does_all_tabs_hear(pages: Pages) -> None:
    tab, _ = await somebody(pages)
    other = await pages.tab(tab.page.context)
    await other.run(HEAR)
    await add(tab, "one")
    await other.page.wait_for_function("heard.length === 2")
    assert await other.run("heard") == ["added", "sent"]
    assert (await other.state())["queue"] == {"waiting": 0, "stopped": None}
