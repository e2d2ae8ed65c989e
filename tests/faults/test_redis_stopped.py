"""Redis or Valkey stopped: half-done sign-ins start again; passwords are taken as before, and no session is lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis as client

from tests.conftest import found
from tests.faults.running import eventually, running
from tests.races.nodes import COOKIE, status_of
from tests.servers.programs import all_redis
from tests.servers.redis import Redis
from tests.site import PASSWORD, Site, sign_in

EMAIL = "ann@example.org"


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """Run a server that nobody else uses."""
    with Redis(found(all_redis(), "Redis or Valkey")) as server:
        yield server


async def test_stopped_and_started_again(own_redis: Redis, tmp_path: Path) -> None:
    async with running(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, ephemeral=own_redis.url) as site:
        await site.person(EMAIL)
        async with site.browser() as browser:
            before = (await sign_in(browser, EMAIL, PASSWORD)).cookies[COOKIE]
            kept, lost = await _begin(browser), await _begin(browser)
        await asyncio.to_thread(own_redis.stop)
        await _expect_without(site, kept.json(), before)

        await asyncio.to_thread(own_redis.start)
        await eventually(lambda: _status_of_begin(site), 200)
        async with site.browser() as browser:
            assert (await _go_on(browser, kept.json())).status_code in (200, 410), "it may have been kept on disk"
            with client.Redis.from_url(own_redis.url) as server:
                server.flushdb()
            gone = await _go_on(browser, lost.json())
            assert (gone.status_code, gone.json()["code"]) == (410, "sign_in_gone"), "without its ticket nobody gets in"
            again = await _go_on(browser, (await _begin(browser)).json())
            assert (again.status_code, again.json()["status"]) == (200, "admitted")
        assert await status_of(site, before) == 200


async def _expect_without(site: Site, begun: dict[str, str], before: str) -> None:
    """Expect what goes on without the server, and what does not."""
    async with site.browser() as browser:
        for answer in (await _go_on(browser, begun), await _begin(browser)):
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert "retry-after" in answer.headers
        signed_in = await sign_in(browser, EMAIL, PASSWORD)
        assert signed_in.status_code == 200
        assert await status_of(site, signed_in.cookies[COOKIE]) == 200
        wrong = [await sign_in(browser, "ben@example.org", "not a password of his") for _ in range(6)]
        assert [answer.status_code for answer in wrong] == [401] * 5 + [429], "counting goes on in SQL"
    assert await status_of(site, before) == 200


async def _begin(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.post("/api/sign-in", json={"identifier": EMAIL})


async def _status_of_begin(site: Site) -> int:
    async with site.browser() as browser:
        return (await _begin(browser)).status_code


async def _go_on(browser: httpx.AsyncClient, begun: dict[str, str]) -> httpx.Response:
    proof = {"continuation": begun["continuation"], "password": PASSWORD}
    return await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=proof)
