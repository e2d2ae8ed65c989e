"""Two tabs never sign each other out, and what gets lost between a browser and the server signs nobody out.

Each refresh token works once, so tabs that present the same one, an answer that never arrives and a successor that
could not be stored all look to the server like a thief's copy. What is presented here is always what is stored, by one
tab at a time; and the server gives the same successor again to whoever proves the key.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import APIResponse, Route

from tests.sdk.house import Pages, Person, Refused, Tab
from tests.sdk.weather import CLOCK, ONE, Rain, at_random, at_successors, later, lineage_of

TABS = 10
SEED = 6
LOST = 0.3
MOST_TRIES = 30
LIFETIME = timedelta(minutes=16)  # of an access token, and a bit

WATCH = """() => {
  globalThis.statuses = new Set([coatcheck.state.status]);
  coatcheck.addEventListener("change", () => statuses.add(coatcheck.state.status));
}"""
ASK = """async ({ ahead, most }) => {
  globalThis.ahead = ahead;
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await coatcheck.fetch("/api/me");
      return [answer.status, (await answer.json()).id, tries];
    } catch (error) {
      if (tries === most || !["offline", "busy"].includes(error.kind)) return [0, String(error), tries];
    }
  }
}"""


async def ten_tabs(pages: Pages) -> tuple[list[Tab], Person]:
    """Open ten tabs of a browser that somebody signs in in."""
    first = await pages.open(init=CLOCK)
    tabs = [first, *[await pages.tab(first.page.context) for _ in range(TABS - 1)]]
    person = await pages.house.person()
    await first.sign_in(person)
    for tab in tabs:
        await tab.until("state.status === 'signed_in'")
        await tab.page.evaluate(WATCH)
    return tabs, person


async def through_the_rain(pages: Pages, rounds: int) -> None:
    """Let the access token run out in all tabs at once, again and again, while answers get lost."""
    tabs, person = await ten_tabs(pages)
    rain = Rain(at_random(SEED, LOST))
    await rain.fall(tabs[0].page.context, *tabs[:2])
    for _ in range(rounds):
        asked = {"ahead": pages.house.move_on(LIFETIME), "most": MOST_TRIES}
        answers: list[list[Any]] = await asyncio.gather(*[tab.page.evaluate(ASK, asked) for tab in tabs])
        assert [each[:2] for each in answers] == [[200, person.id]] * TABS
    await rain.stop(tabs[0].page.context)

    assert min(rain.fates["request lost"], rain.fates["answer lost"]) >= rounds / 2, "it hardly rained"
    for tab in tabs:
        assert await tab.page.evaluate("[...statuses]") == ["signed_in"]
    assert lineage_of(pages.house, person) == ONE
    # One for each time that it ran out, and a few where a tab was too busy to say in time what it had got.
    assert rounds <= rain.arrived <= 1.5 * rounds
    assert rain.refreshed > rain.arrived, "no answer of a refresh was lost"


async def test_ten_tabs_in_the_rain(own_pages: Pages) -> None:
    await through_the_rain(own_pages, 15)


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_ten_tabs_in_the_rain_for_days(own_pages: Pages) -> None:
    await through_the_rain(own_pages, 500)


async def test_an_answer_is_lost_and_the_device_is_offline_for_six_hours(own_pages: Pages) -> None:
    tab = await own_pages.open(init=CLOCK)
    person = await own_pages.house.person()
    await tab.sign_in(person)
    await later(LIFETIME, own_pages.house, tab)
    context, lost = tab.page.context, 0

    async def lose(route: Route, _: APIResponse) -> None:
        nonlocal lost
        lost += 1
        await route.abort("connectionreset")

    await at_successors(context, lose)
    with pytest.raises(Refused, match="offline"):
        await tab.fetch("/api/me")
    await context.unroute_all()
    assert lost == 1

    await context.set_offline(True)
    await later(timedelta(hours=6), own_pages.house, tab)
    with pytest.raises(Refused, match="offline"):
        await tab.fetch("/api/me")
    state = await tab.state()
    assert (state["status"], state["account"]["id"], state["online"]) == ("signed_in", person.id, False)

    await context.set_offline(False)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    another = await own_pages.tab(context)
    assert (await another.fetch("/api/me"))[1]["id"] == person.id
    assert lineage_of(own_pages.house, person) == ONE


async def test_a_tab_is_closed_in_the_middle_of_a_refresh(own_pages: Pages) -> None:
    tab = await own_pages.open(init=CLOCK)
    context, person = tab.page.context, await own_pages.house.person()
    await tab.sign_in(person)
    other = await own_pages.tab(context)
    await later(LIFETIME, own_pages.house, tab, other)
    done = asyncio.Event()

    async def keep(route: Route, answer: APIResponse) -> None:
        if done.is_set():
            await route.fulfill(response=answer)
        done.set()  # the first one never goes on

    await at_successors(context, keep)
    asking = asyncio.ensure_future(tab.page.evaluate("coatcheck.fetch('/api/me').then(() => 1, () => 2)"))
    await asyncio.wait_for(done.wait(), 15)
    waiting = asyncio.ensure_future(other.fetch("/api/me"))
    await other.page.wait_for_function("navigator.locks.query().then(({ pending }) => pending.length === 1)")
    await tab.page.close()
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], Exception)
    assert (await waiting)[1]["id"] == person.id
    assert lineage_of(own_pages.house, person) == ONE
