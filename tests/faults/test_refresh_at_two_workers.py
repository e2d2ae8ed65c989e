"""Two worker processes and 200 who refresh with one token at once: one lineage, and nobody is signed out."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.faults.running import MASTER_KEY, PATIENCE
from tests.faults.workers import Deployment, workers
from tests.site import PASSWORD, sign_in

CROWD = 200


@dataclass(frozen=True)
class Shared(Deployment):
    """Say what workers share that keep everything in another database than a file beside them."""

    url: str | None

    @property
    def environ(self) -> dict[str, str]:
        """The settings, as a worker's environment has them."""
        if self.url is None:
            return super().environ
        return {**super().environ, "COATCHECK_DATABASE__URL": self.url, "COATCHECK_SECRET__MASTER_KEY": MASTER_KEY}


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    """Set up a deployment on each database."""
    return Shared(tmp_path, None if request.param == "sqlite" else request.getfixturevalue("postgres_url"))


async def refreshed(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/token/refresh", json={"refresh_token": token})


async def test_two_hundred_with_one_token(shared: Shared) -> None:
    [email] = await shared.people(1)
    with workers(shared) as (here, there):
        async with here.person() as at_one, there.person() as at_other:
            given = (await sign_in(at_one, email, PASSWORD, present="tokens")).json()
            clients = [at_one, at_other]
            answers = await asyncio.gather(
                *(refreshed(clients[number % 2], given["refresh_token"]) for number in range(CROWD))
            )
            assert Counter(answer.status_code for answer in answers) == {200: CROWD}
            assert len({answer.json()["refresh_token"] for answer in answers}) == 1
            bearers = [{"authorization": f"Bearer {answer.json()['access_token']}"} for answer in answers[:20]]
            for client in clients:
                asked = await asyncio.gather(*(client.get("/api/session", headers=bearer) for bearer in bearers))
                assert {answer.json()["session"]["id"] for answer in asked} == {given["session"]["id"]}
            await _ends(at_one, at_other, answers[0].json()["refresh_token"])


async def _ends(at_one: httpx.AsyncClient, at_other: httpx.AsyncClient, token: str) -> None:
    """End it at one worker while it is refreshed at both, again and again: nothing lives on."""
    newest = {"one": token, "other": token}
    access: list[str] = []

    async def go_on(client: httpx.AsyncClient, name: str) -> None:
        for _ in range(200):
            answer = await refreshed(client, newest[name])
            if answer.status_code == 401:
                return
            if answer.status_code == 409:
                newest[name] = newest["one" if name == "other" else "other"]
                continue
            newest[name] = answer.json()["refresh_token"]
            access.append(answer.json()["access_token"])
        raise AssertionError("it went on for ever")

    async def end() -> None:
        while len(access) < 20:  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.001)
        bearer = {"authorization": f"Bearer {access[-1]}"}
        assert (await at_one.post("/api/sign-out", headers=bearer)).status_code == 204

    await asyncio.gather(go_on(at_one, "one"), go_on(at_other, "other"), end())
    ended = time.monotonic()
    for client in (at_one, at_other):
        while await _taken(client, access):
            assert time.monotonic() - ended < PATIENCE


async def _taken(client: httpx.AsyncClient, access: list[str]) -> list[str]:
    """Give the access tokens that a worker takes still."""
    bearers = [{"authorization": f"Bearer {token}"} for token in access]
    answers = [await client.get("/api/session", headers=bearer) for bearer in bearers]
    return [token for token, answer in zip(access, answers, strict=True) if answer.status_code != 401]
