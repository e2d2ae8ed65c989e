"""A worker killed in mid-run: what it answered is in the database, and the other goes on as if nothing had been."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
from sqlalchemy import func, select, text

from coatcheck.audit.seal import Sealer
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from coatcheck.storage.tables.audit import audit_events
from coatcheck.storage.tables.revocation import status_indices
from coatcheck.storage.tables.sessions import sessions
from coatcheck.storage.tables.signup import sign_ups
from tests.faults.workers import COOKIE, PATIENCE, Deployment, Worker, workers
from tests.site import PASSWORD, sign_in

PEOPLE = 4
ENOUGH = 15
NUMBERS = count(10)


@dataclass
class Said:
    """Keep what a worker has answered, and what went wrong before it was to die."""

    cookies: list[str] = field(default_factory=list)
    signed_up: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    may_die: bool = False

    def __len__(self) -> int:
        return len(self.cookies) + len(self.signed_up)


async def test_nothing_it_answered_is_lost(tmp_path: Path) -> None:
    shared = Deployment(tmp_path)
    people = await shared.people(2 * PEOPLE)
    by_dying, by_staying, over = Said(), Said(), asyncio.Event()
    with workers(shared) as (dying, staying):
        load = [
            *(_keep_going(dying, email, by_dying, over) for email in people[:PEOPLE]),
            *(_keep_going(staying, email, by_staying, over) for email in people[PEOPLE:]),
        ]
        running = asyncio.gather(*load)
        await _until_said(by_dying, ENOUGH)
        by_dying.may_die = True
        await asyncio.to_thread(dying.kill)
        await _until_said(by_staying, len(by_staying) + ENOUGH)
        over.set()
        await running
        assert (by_dying.wrong, by_staying.wrong) == ([], [])
        async with staying.person() as anybody:
            for cookie in by_dying.cookies + by_staying.cookies:
                answer = await anybody.get("/api/session", headers={"cookie": f"{COOKIE}={cookie}"})
                assert answer.status_code == 200, "a session that was answered is there"
    async with shared.operator() as desk:
        await _check(desk, by_dying, by_staying)


async def _keep_going(worker: Worker, email: str, said: Said, over: asyncio.Event) -> None:
    """Sign in and sign up, again and again, until all is over or nobody answers."""
    while not over.is_set():
        number = next(NUMBERS)
        new = f"newcomer{number}@example.org"
        async with worker.person(number) as person:
            try:
                signed_in = await sign_in(person, email, PASSWORD)
                _keep(signed_in, 200, said.cookies, person.cookies.get(COOKIE) or "", said)
                signed_up = await person.post("/api/sign-up", json={"email": new, "password": PASSWORD})
                _keep(signed_up, 202, said.signed_up, new, said)
            except httpx.TransportError as broken:
                if not said.may_die:
                    said.wrong.append(repr(broken))
                return


def _keep(answer: httpx.Response, good: int, kept: list[str], what: str, said: Said) -> None:
    if answer.status_code == good:
        kept.append(what)
        said.more.set()
    else:
        said.wrong.append(f"{answer.status_code} {answer.text}")


async def _until_said(said: Said, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(said) < number:
            said.more.clear()
            await said.more.wait()


async def _check(desk: Desk, *all_said: Said) -> None:
    """Compare the database with what was answered: everything is there, and nothing by halves."""
    async with desk.database.reading() as db:
        assert (await db.execute(text("PRAGMA integrity_check"))).scalar_one() == "ok"
        waiting = set((await db.execute(select(sign_ups.c.email))).scalars())
        opened = set((await db.execute(select(sessions.c.id))).scalars())
        indexed = set((await db.execute(select(status_indices.c.owner))).scalars())
        done = select(func.count()).where(audit_events.c.event == "sign_in.done")
        recorded = (await db.execute(done)).scalar_one()
    for said in all_said:
        assert set(said.signed_up) <= waiting
    assert len(opened) >= sum(len(said.cookies) for said in all_said)
    assert opened == indexed
    assert recorded == len(opened)
    while await Sealer(desk).seal_once():
        pass
    assert (await verify(desk)).findings == ()
