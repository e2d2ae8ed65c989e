"""Sockets: open as long as the session lives, whatever becomes of the network."""

from typing import Any

import pytest

from tests.sdk.house import Pages, Person, Refused, Tab
from tests.sdk.letters import cut, join

OPEN = """globalThis.heard = [];
globalThis.live = coatcheck.socket("/socket");
for (const type of ["open", "waiting"]) live.addEventListener(type, () => heard.push(type));
live.addEventListener("message", ({ data }) => heard.push(data));
live.addEventListener("close", ({ detail }) => heard.push(detail));"""


async def live(pages: Pages) -> tuple[Tab, Person]:
    tab = await pages.open()
    person = await pages.house.person()
    await tab.sign_in(person)
    await tab.run(OPEN)
    await tab.page.wait_for_function("live.state === 'open'")
    return tab, person


async def hears(tab: Tab, count: int) -> list[Any]:
    await tab.page.wait_for_function(f"heard.length >= {count}")
    heard: list[Any] = await tab.run("heard")
    return heard


async def test_it_says_who_it_is_and_where_it_was_hung_up_opens_again(pages: Pages) -> None:
    tab, person = await live(pages)
    await tab.run("live.send('hello')")
    assert await hears(tab, 2) == ["open", f"{person.id}: 'hello'"]
    await tab.run("live.send('hang up')")
    assert (await hears(tab, 4))[2:] == ["waiting", "open"]
    await tab.run("live.send('again')")
    assert (await hears(tab, 5))[4] == f"{person.id}: 'again'"
    await tab.run("live.close()")
    assert (await hears(tab, 6))[5] == {"code": 1000, "reason": ""}
    with pytest.raises(Refused) as refused:
        await tab.run("live.send('too late')")
    assert refused.value.kind == "offline"


async def test_it_ends_with_its_session(pages: Pages) -> None:
    tab, person = await live(pages)
    await pages.house.end_sessions(person)
    await tab.until("state.status === 'ended'")
    assert await hears(tab, 2) == ["open", {"code": 4401, "reason": "ended"}]
    assert await tab.run("live.state") == "closed"


async def test_it_ends_with_the_sign_out(pages: Pages) -> None:
    tab, _ = await live(pages)
    await tab.run("coatcheck.signOut()")
    assert await hears(tab, 2) == ["open", {"code": 4401, "reason": "signed_out"}]


async def test_it_waits_for_the_network_and_is_there_as_soon_as_it_is_back(pages: Pages) -> None:
    tab, person = await live(pages)
    await cut(tab.page.context)
    await tab.run("live.send('hang up')")
    assert (await hears(tab, 2))[1] == "waiting"
    await tab.until("!state.online")
    assert await tab.run("live.state") != "open"
    await join(tab.page.context)
    await tab.page.wait_for_function("live.state === 'open'")
    await tab.run("heard.length = 0; live.send('back');")
    assert await hears(tab, 1) == [f"{person.id}: 'back'"]


async def test_the_session_is_used_before_it_ends_for_want_of_use(pages: Pages) -> None:
    """An open socket is no use of a session: without that, it would close when nothing else is done for a week."""
    tab = await pages.open(init=TIMERS)
    await tab.sign_in(await pages.house.person())
    await tab.run(OPEN)
    await tab.page.wait_for_function("live.state === 'open'")
    async with tab.page.expect_response(lambda answer: answer.url.endswith("/api/token/refresh") and answer.ok):
        assert 3 * DAY < await tab.run("runLongest()") < 4 * DAY
    assert 3 * DAY < await tab.run("new Promise((done) => setTimeout(() => done(runLongest()), 50))") < 4 * DAY


async def test_no_ticket_goes_where_no_token_may_go(pages: Pages) -> None:
    tab, _ = await live(pages)
    code = "try { coatcheck.socket('wss://elsewhere.example/'); } catch (error) { return error.name; }"
    assert await tab.run(code) == "TypeError"


DAY = 86_400_000
TIMERS = f"""(() => {{
  const set = setTimeout;
  const long = [];
  globalThis.setTimeout = (work, wait) => (wait > {DAY} ? long.push([wait, work]) : set(work, wait));
  globalThis.runLongest = () => {{ const [wait, work] = long.pop(); work(); return wait; }};
}})()"""
