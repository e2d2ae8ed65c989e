"""The API of the installable notes: each order is done once, and nobody overwrites what they have not seen."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from json import dumps
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from coatcheck.clock import SystemClock, millis
from coatcheck.testing.clock import ManualClock
from examples.pwa.install import add_notes
from examples.pwa.once import KEPT_MS
from tests.site import ORIGIN, PASSWORD, Site, open_site

NOTES = "/pwa/api/notes"
LONG_AGO = timedelta(minutes=6)


@dataclass(frozen=True)
class Person:
    """Hold somebody with tokens, and ask the API for them."""

    client: httpx.AsyncClient
    token: str

    async def ask(
        self, method: str, path: str = "", json: object = None, *, key: str | None = None, match: str | None = None
    ) -> httpx.Response:
        """Ask for something; with a new key unless one is given."""
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": key or str(uuid4())}
        if match is not None:
            headers["if-match"] = match
        return await self.client.request(method, NOTES + path, content=dumps(json), headers=headers)

    async def texts(self) -> list[str]:
        """Give what the notes say that there are."""
        return [note["text"] for note in (await self.ask("GET")).json()["notes"]]


@dataclass(frozen=True)
class Place:
    """Hold the app, with Coatcheck in it."""

    site: Site
    client: httpx.AsyncClient

    async def person(self, email: str = "ann@example.org") -> Person:
        """Make an account and sign it in."""
        await self.site.person(email)
        body = {"identifier": email, "password": PASSWORD, "present": "tokens"}
        answer = await self.client.post("/auth/api/sign-in", json=body)
        return Person(self.client, answer.raise_for_status().json()["access_token"])


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Open the app on a database of its own."""
    server: Mapping[str, object] = {"public_url": f"{ORIGIN}/auth"}
    # Freshness is judged by the machine's own time.
    clock = ManualClock(SystemClock().now() - millis(LONG_AGO))
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, clock=clock, server=server) as site:
        app = FastAPI()
        site.auth.mount(app, "/auth")
        add_notes(app, tmp_path / "notes.db", at="/pwa", clock=site.clock)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
            yield Place(site, client)


@pytest.fixture
async def ann(place: Place) -> Person:
    """Sign Ann in."""
    return await place.person()


async def test_a_note_is_written_changed_and_deleted(ann: Person) -> None:
    made = await ann.ask("POST", json={"text": "buy milk"})
    assert (made.status_code, made.headers["etag"], made.headers["cache-control"]) == (201, '"1"', "no-store")
    note = made.json()
    assert (note["text"], note["version"]) == ("buy milk", 1)
    changed = await ann.ask("PUT", f"/{note['id']}", {"text": "buy oats"}, match='"1"')
    assert (changed.status_code, changed.headers["etag"], changed.json()["text"]) == (200, '"2"', "buy oats")
    assert (await ann.ask("GET")).json() == {"notes": [changed.json()]}
    gone = await ann.ask("DELETE", f"/{note['id']}", match='"2"')
    assert (gone.status_code, gone.content) == (204, b"")
    assert await ann.texts() == []


async def test_nobody_sees_or_touches_the_notes_of_others(place: Place, ann: Person) -> None:
    ben = await place.person("ben@example.org")
    note = (await ann.ask("POST", json={"text": "mine"})).json()["id"]
    assert await ben.texts() == []
    assert (await ben.ask("PUT", f"/{note}", {"text": "his"}, match='"1"')).status_code == 409
    assert (await ben.ask("DELETE", f"/{note}")).status_code == 204
    assert (await ben.ask("POST", json={"text": "his", "id": note})).status_code == 201, "an id says nothing of others"
    assert await ann.texts() == ["mine"]


async def test_who_is_not_signed_in_is_refused_before_anything_is_read(place: Place) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await place.client.request(method, NOTES, content=b"x" * 100_000)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_the_same_order_is_done_once_and_answered_alike(ann: Person) -> None:
    key = str(uuid4())
    first, second = [await ann.ask("POST", json={"text": "once"}, key=key) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await ann.texts() == ["once"]


async def test_a_change_whose_answer_got_lost_is_no_conflict(ann: Person) -> None:
    note = (await ann.ask("POST", json={"text": "one"})).json()["id"]
    key = str(uuid4())
    for _ in range(2):
        answer = await ann.ask("PUT", f"/{note}", {"text": "two"}, key=key, match='"1"')
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    key = str(uuid4())
    for _ in range(2):
        assert (await ann.ask("DELETE", f"/{note}", key=key, match='"2"')).status_code == 204


@pytest.mark.parametrize(
    "other",
    [{"json": {"text": "three"}}, {"method": "DELETE"}, {"path": "/another-note"}, {"match": '"2"'}],
    ids=["body", "method", "path", "version"],
)
async def test_a_key_is_for_one_order(ann: Person, other: dict[str, object]) -> None:
    for note in ("the-one-note", "another-note"):
        await ann.ask("POST", json={"text": note, "id": note})
    order: dict[str, Any] = {"method": "PUT", "path": "/the-one-note", "json": {"text": "two"}, "match": '"1"'}
    key = str(uuid4())
    assert (await ann.ask(**order, key=key)).status_code == 200
    answer = await ann.ask(**{**order, **other}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_used")
    assert answer.headers["content-type"] == "application/problem+json"
    assert sorted(await ann.texts()) == ["another-note", "two"]


async def test_a_key_is_its_senders_own(place: Place, ann: Person) -> None:
    ben = await place.person("ben@example.org")
    key = str(uuid4())
    for person, text in ((ann, "hers"), (ben, "his")):
        assert (await person.ask("POST", json={"text": text}, key=key)).status_code == 201
        assert await person.texts() == [text]


async def test_of_fifty_at_once_one_is_done_and_all_are_answered_alike(ann: Person) -> None:
    key = str(uuid4())
    answers = await asyncio.gather(*(ann.ask("POST", json={"text": "once"}, key=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len([answer for answer in answers if "idempotent-replayed" not in answer.headers]) == 1
    assert await ann.texts() == ["once"]


async def test_of_fifty_changes_of_one_version_one_is_made(ann: Person) -> None:
    note = (await ann.ask("POST", json={"text": "one"})).json()["id"]
    changes = (ann.ask("PUT", f"/{note}", {"text": f"two {each}"}, match='"1"') for each in range(50))
    answers = await asyncio.gather(*changes)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await ann.texts() == [winner["text"]]
    assert all(answer.json()["note"] == winner for answer in answers if answer.status_code == 409)


async def test_who_comes_too_late_is_shown_what_is_there(ann: Person) -> None:
    note = (await ann.ask("POST", json={"text": "one"})).json()["id"]
    theirs = (await ann.ask("PUT", f"/{note}", {"text": "two"}, match='"1"')).json()
    for late in (
        await ann.ask("PUT", f"/{note}", {"text": "mine"}, match='"1"'),
        await ann.ask("DELETE", f"/{note}", match='"1"'),
        await ann.ask("POST", json={"text": "again", "id": note}),
    ):
        assert late.headers["content-type"] == "application/problem+json"
        assert "retry-after" not in late.headers, "time does not heal it"
        problem = late.json()
        assert (late.status_code, problem["code"], problem["note"]) == (409, "note_changed", theirs)


async def test_a_refusal_is_not_kept(ann: Person) -> None:
    note, key = "a-note-of-mine", str(uuid4())
    change: dict[str, Any] = {"path": f"/{note}", "json": {"text": "two"}, "key": key, "match": '"1"'}
    refused = await ann.ask("PUT", **change)
    assert (refused.status_code, refused.json()["note"]) == (409, None)
    await ann.ask("POST", json={"text": "one", "id": note})
    assert (await ann.ask("PUT", **change)).status_code == 200


async def test_answers_are_kept_longer_than_a_session_that_nobody_uses(place: Place, ann: Person) -> None:
    key, book = str(uuid4()), {"text": "once", "id": "a-note-of-mine"}
    await ann.ask("POST", json=book, key=key)
    assert timedelta(milliseconds=KEPT_MS) > place.site.auth.settings.sessions.token_idle
    place.site.clock.advance(timedelta(milliseconds=KEPT_MS) - timedelta(seconds=1))
    again = await place.client.post(
        "/auth/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    )
    later = Person(place.client, again.json()["access_token"])
    assert (await later.ask("POST", json=book, key=key)).headers["idempotent-replayed"] == "true"
    place.site.clock.advance(timedelta(seconds=1))
    forgotten = await later.ask("POST", json=book, key=key)
    assert forgotten.status_code == 409, "its own id still keeps it from being written twice"


async def test_what_is_no_order_is_refused(place: Place, ann: Person) -> None:
    no_key = await place.client.post(NOTES, json={"text": "x"}, headers={"authorization": f"Bearer {ann.token}"})
    assert (no_key.status_code, no_key.json()["code"]) == (400, "key_needed")
    assert (await ann.ask("POST", json={"text": "x"}, key="k" * 201)).status_code == 400
    assert (await ann.ask("PUT", "/01234567", {"text": "x"})).status_code == 428
    assert (await ann.ask("POST", json={"text": "x" * 65_536})).status_code == 413
    texts: list[object] = ["", "x" * 4001, 1, None, "\ud800"]
    others: list[object] = [{"text": "x", "id": "../x"}, {"text": "x", "more": 1}, {}, []]
    for wrong in [*({"text": text} for text in texts), *others]:
        answer = await ann.ask("POST", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), wrong
    assert await ann.texts() == []


async def test_all_notes_go_for_somebody_who_is_there(place: Place, ann: Person) -> None:
    for text in ("one", "two"):
        await ann.ask("POST", json={"text": text})
    refused = await ann.ask("DELETE")
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    assert "insufficient_user_authentication" in refused.headers["www-authenticate"]
    place.site.clock.advance(LONG_AGO)
    ben = await place.person("ben@example.org")
    await ben.ask("POST", json={"text": "his"})
    assert (await ben.ask("DELETE")).json() == {"deleted": 1}
    assert sorted(await ann.texts()) == ["one", "two"]
