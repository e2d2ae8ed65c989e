"""What happens to a browser on its way: answers that get lost, hours that pass, and what the server has of it."""

import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Literal

from playwright.async_api import APIResponse, BrowserContext, Response, Route

from tests.sdk.house import House, Person, Tab

REFRESH = "**/api/token/refresh"
Fate = Literal["arrives", "request lost", "answer lost"]

CLOCK = """{
  const Machine = Date;
  globalThis.ahead = Number(globalThis.localStorage?.getItem("ahead"));
  globalThis.Date = class extends Machine {
    constructor(...given) { given.length ? super(...given) : super(Machine.now() + globalThis.ahead); }
    static now() { return Machine.now() + globalThis.ahead; }
  };
}"""
"""A clock that a page can set: `ahead` of the machine's by milliseconds, in pages to come by an item of its storage."""

SET_CLOCK = "(ahead) => { globalThis.ahead = ahead; localStorage.setItem('ahead', ahead); }"


async def later(by: timedelta, house: House, *tabs: Tab) -> None:
    """Let time pass, at the server and in tabs that have a `CLOCK`."""
    ahead = house.move_on(by)
    for tab in tabs:
        await tab.page.evaluate(SET_CLOCK, ahead)


@dataclass
class Rain:
    """Lose requests and answers of a browser on their way; count what became of its refreshes.

    Args:
        fate: says for each request what becomes of it.
        refreshed: how many refreshes the server did.
        arrived: how many of these the browser heard of.
        fates: how often each fate befell anything.
    """

    fate: Callable[[], Fate]
    refreshed: int = 0
    arrived: int = 0
    fates: "Counter[Fate]" = field(default_factory=Counter)

    async def fall(self, context: BrowserContext, *tabs: Tab) -> None:
        """Begin, on each refresh, and on all that some tabs send."""
        await context.route(REFRESH, self._meet)
        for tab in tabs:
            await tab.page.route("**/api/**", self._meet)
        context.on("response", self._count)

    async def stop(self, context: BrowserContext) -> None:
        """End."""
        for page in context.pages:
            await page.unroute_all(behavior="wait")
        await context.unroute_all(behavior="wait")
        context.remove_listener("response", self._count)

    async def _meet(self, route: Route) -> None:
        fate = self.fate()
        self.fates[fate] += 1
        if fate == "arrives":
            await route.continue_()
            return
        if fate == "answer lost":
            answer = await route.fetch()
            assert answer.status in (200, 401), f"the server was not reached: {answer.status}"
            self.refreshed += _is_refresh(route.request.url) and answer.ok
        await route.abort("connectionreset")

    def _count(self, answer: Response) -> None:
        if _is_refresh(answer.url) and answer.ok:
            self.refreshed += 1
            self.arrived += 1


async def at_successors(context: BrowserContext, then: Callable[[Route, APIResponse], Awaitable[None]]) -> None:
    """Do something else with answers that bring a refresh token than to let them arrive."""

    async def meet(route: Route) -> None:
        answer = await route.fetch()
        await (then(route, answer) if answer.ok else route.fulfill(response=answer))  # else it brings a nonce

    await context.route(REFRESH, meet)


def at_random(seed: int, share: float) -> Callable[[], Fate]:
    """Lose a share of all, half of it on the way there and half of it on the way back."""
    draw = Random(seed)

    def fate() -> Fate:
        if draw.random() >= share:
            return "arrives"
        return draw.choice(("request lost", "answer lost"))

    return fate


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Hold what the server has of a person's sign-ins."""

    sessions: int
    families: int
    sign_ins: int
    replays: int
    ended: int


ONE = Lineage(sessions=1, families=1, sign_ins=1, replays=0, ended=0)
"""One sign-in, and nothing but refreshes ever since."""


def lineage_of(house: House, person: Person) -> Lineage:
    """Ask the server's database for what it has of a person."""
    questions = {
        "sessions": "SELECT count(*) FROM sessions WHERE account = ?",
        "families": "SELECT count(*) FROM refresh_tokens JOIN sessions ON id = session WHERE account = ?",
        "sign_ins": "SELECT count(*) FROM audit_events WHERE account = ? AND event = 'sign_in.done'",
        "replays": "SELECT count(*) FROM audit_events WHERE account = ? AND event = 'refresh.replayed'",
        "ended": "SELECT count(*) FROM audit_events WHERE account = ? AND event LIKE 'session%.ended'",
    }
    with closing(sqlite3.connect(house.place.path / "app.db")) as database:
        return Lineage(**{each: database.execute(sql, [person.id]).fetchone()[0] for each, sql in questions.items()})


def _is_refresh(url: str) -> bool:
    return url.endswith("/api/token/refresh")
