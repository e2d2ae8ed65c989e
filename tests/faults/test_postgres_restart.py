"""PostgreSQL stopped, or killed, in mid-run and started again: a clear 503 meanwhile, and nothing committed is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from coatcheck.ending.end_sessions import end_sessions
from coatcheck.storage.tables.audit import audit_events
from coatcheck.visit import Visit
from tests.conftest import found
from tests.faults.running import eventually, running
from tests.races.nodes import COOKIE, status_of
from tests.servers.postgres import Postgres
from tests.servers.programs import all_postgres
from tests.site import PASSWORD, Site, sign_in

EMAILS = tuple(f"person{number}@example.org" for number in range(4))


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """Run a server that nobody else uses."""
    with Postgres(found(all_postgres(), "PostgreSQL")) as server:
        yield server


@pytest.mark.parametrize("end", [Postgres.stop, Postgres.kill])
async def test_restart_in_mid_run(own_postgres: Postgres, tmp_path: Path, end: Callable[[Postgres], None]) -> None:
    url = own_postgres.fresh_database()
    async with running(url, tmp_path) as site:
        for email in EMAILS:
            await site.person(email)
        warm = (await _sign_in(site, 100)).cookies[COOKIE]
        assert await status_of(site, warm) == 200

        async with _sign_ins(site) as by_load:
            await eventually(lambda: _statuses_of(by_load), {200})
            await asyncio.to_thread(end, own_postgres)
            assert await status_of(site, warm) == 200, "within the bound, what was checked counts"
            site.clock.advance(timedelta(milliseconds=1001))
            await _expect_unavailable(site, warm)
            await asyncio.to_thread(own_postgres.start)
            await eventually(lambda: status_of(site, warm), 200)
            await eventually(lambda: _status_of_sign_in(site), 200)
        answered = {cookie for _, cookie in by_load if cookie}
        assert {status for status, _ in by_load} == {200, 503}
        assert {await status_of(site, cookie) for cookie in answered} == {200}, "what was answered was committed"
        await _expect_background(site, url, tmp_path)


async def _sign_in(site: Site, number: int) -> httpx.Response:
    async with site.browser(address=f"198.51.100.{number % 250 + 1}") as browser:
        return await sign_in(browser, EMAILS[number % len(EMAILS)], PASSWORD)


async def _statuses_of(answers: list[tuple[int, str]]) -> set[int]:
    return {status for status, _ in answers}


async def _status_of_sign_in(site: Site) -> int:
    return (await _sign_in(site, 100)).status_code


@asynccontextmanager
async def _sign_ins(site: Site) -> AsyncIterator[list[tuple[int, str]]]:
    """Let people sign in again and again within this block; give each status and cookie."""
    answers: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def keep_signing_in(number: int) -> None:
        while not over.is_set():
            answer = await _sign_in(site, number)
            answers.append((answer.status_code, answer.cookies.get(COOKIE) or ""))
            if answer.status_code != 200:
                await asyncio.sleep(0.1)  # somebody who is told to come again does not hammer

    load = [asyncio.create_task(keep_signing_in(number)) for number in range(len(EMAILS))]
    try:
        yield answers
    finally:
        over.set()
        await asyncio.gather(*load)


async def _expect_unavailable(site: Site, warm: str) -> None:
    """Expect a 503 that says when to come again, for programs and for people."""
    async with site.browser(headers={"cookie": f"{COOKIE}={warm}"}) as browser:
        answers = [
            await browser.get("/api/session"),
            await browser.get("/account"),
            await browser.post("/api/sign-in", json={"identifier": EMAILS[0], "password": PASSWORD}),
            await browser.post("/api/recover", json={"email": EMAILS[0]}),
        ]
        assert [(answer.status_code, "retry-after" in answer.headers) for answer in answers] == [(503, True)] * 4
        assert answers[0].json()["code"] == "unavailable"
        assert (await browser.get("/healthz")).status_code == 200


async def _expect_background(site: Site, url: str, folder: Path) -> None:
    """Expect that the log is followed, and the trail sealed: those tasks have outlived the server."""
    account = await site.person("late@example.org")
    async with site.browser() as browser:
        late = (await sign_in(browser, "late@example.org", PASSWORD)).cookies[COOKIE]
    assert await status_of(site, late) == 200
    async with running(url, folder) as other:
        await end_sessions(other.desk, Visit(), account=account.id, actor=account.id)
    # The clock stands still, so what was checked would count for ever: only the reader can have told.
    await eventually(lambda: status_of(site, late), 401)
    await eventually(lambda: _unsealed(site), 0)


async def _unsealed(site: Site) -> int:
    async with site.desk.database.reading() as db:
        return int((await db.execute(select(func.count()).where(audit_events.c.number.is_(None)))).scalar_one())
