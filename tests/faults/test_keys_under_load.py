"""Keys rotate while clients call services without a pause: no good token is ever refused, whatever it was signed with.

The server is real and on a socket, so are the verifiers; only the hours between two keys pass by a clock that is moved.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.errors import CoatcheckError, TokenRefused
from coatcheck.keys.ring import SigningKeys
from coatcheck.verifier.jws import parse_jws
from coatcheck.verifier.key_source import REFRESH_AFTER_S
from coatcheck.verifier.verifier import Verifier
from tests.clients.machines import Machine, machine
from tests.faults.running import PATIENCE, eventually, running
from tests.gateway.behind import serving
from tests.servers.server import HOST
from tests.site import PASSWORD, VISIT, Site, sign_in

ROTATIONS, CLIENTS, OFTEN = 3, 4, 30
BOUND = 10.0  # seconds: `max_staleness` of a verifier
JWKS = "/.well-known/jwks.json"
WAYS: tuple[Literal["feed", "stream"], ...] = ("feed", "feed", "stream")


@dataclass(frozen=True)
class Served:
    """Hold a site on a socket, and how often each address of it was asked."""

    site: Site
    url: str
    asked: Counter[str]

    def client(self) -> httpx.AsyncClient:
        """Open a client over the network."""
        return httpx.AsyncClient(base_url=self.url, timeout=PATIENCE, headers={"sec-fetch-site": "same-origin"})


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """Serve a site whose keys rotate as fast as settings allow."""
    asked, keys = Counter[str](), {"jwks_max_age": "10s"}
    async with (
        running(f"sqlite:///{folder / 'site.db'}", folder, keys=keys, server={}) as site,
        serving(counting(site.auth.app, asked)) as port,
    ):
        yield Served(site, f"http://{HOST}:{port}", asked)


def counting(app: ASGIApp, asked: Counter[str]) -> ASGIApp:
    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        asked[scope.get("path", "")] += 1
        await app(scope, receive, send)

    return counted


@dataclass
class Caller:
    """Hold a client that gets one token after another, and has each checked by every service, as well as older ones."""

    browser: httpx.AsyncClient
    service: Machine
    verifiers: list[Verifier]
    refresh_token: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    """The first token of each key."""
    checked: Counter[str] = field(default_factory=Counter)
    """How often tokens of a key were taken by all services."""
    refused: list[tuple[float, str]] = field(default_factory=list)
    """When a token was refused, and its key."""

    async def sign_in(self) -> None:
        """Open a session."""
        answer = await sign_in(self.browser, "ann@example.org", PASSWORD, present="tokens")
        assert answer.status_code == 200, answer.text
        self.refresh_token = answer.json()["refresh_token"]

    async def work(self, until: asyncio.Event) -> None:
        """Call until told to stop."""
        while not until.is_set():
            answer = await self.browser.post("/api/token/refresh", json={"refresh_token": self.refresh_token})
            assert answer.status_code == 200, answer.text
            self.refresh_token = answer.json()["refresh_token"]
            for token in (answer.json()["access_token"], await self._service_token()):
                self.tokens.setdefault(kid_of(token), token)
                self.check(token)
            for token in tuple(self.tokens.values()):
                self.check(token)

    def check(self, token: str) -> None:
        """Have every service check a token, from memory alone."""
        kid = kid_of(token)
        for verifier in self.verifiers:
            try:
                verifier.check(token)
            except CoatcheckError:
                self.refused.append((time.monotonic(), kid))
            else:
                self.checked[kid] += 1

    async def _service_token(self) -> str:
        form = {"grant_type": "client_credentials"}
        answer = await self.browser.post("/oauth/token", data=form, auth=self.service.basic)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


def kid_of(token: str) -> str:
    return parse_jws(token).kid or ""


async def has_been_checked(callers: list[Caller], kid: str) -> bool:
    """Tell whether tokens of a key were taken again and again, whoever sent them."""
    return all(caller.checked[kid] >= OFTEN for caller in callers)


async def callers_of(there: Served, stack: AsyncExitStack) -> list[Caller]:
    """Set up services that verify, and clients that call all of them."""
    await there.site.person()
    service = await machine(there.site)
    verifiers = [
        await stack.enter_async_context(
            Verifier(
                there.url,
                credentials=(service.id, service.secret),
                revocation=way,
                max_staleness=timedelta(hours=1),  # hours pass here within a poll
                clock=there.site.clock,
            )
        )
        for way in WAYS
    ]
    browsers = [await stack.enter_async_context(there.client()) for _ in range(CLIENTS)]
    callers = [Caller(browser, service, verifiers) for browser in browsers]
    for caller in callers:
        await caller.sign_in()

    async def are_fresh() -> bool:
        return all(verifier.is_fresh for verifier in verifiers)

    await eventually(are_fresh, True)
    return callers


async def rotate(there: Served) -> str:
    """Publish the next key; let each verifier come for it in its own time, and then its turn come."""
    key, asked, clock = await rotate_keys(there.site.desk, VISIT, actor="operator"), there.asked[JWKS], there.site.clock
    clock.advance(timedelta(seconds=REFRESH_AFTER_S))

    async def all_came() -> bool:
        return there.asked[JWKS] - asked >= len(WAYS)

    await eventually(all_came, True)
    assert clock.now() < key.signs_from, "each came before it signs"
    clock.advance(timedelta(milliseconds=key.signs_from - clock.now()))
    return key.kid


async def test_keys_rotate_under_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(tmp_path) as there, AsyncExitStack() as stack:
        callers, done = await callers_of(there, stack), asyncio.Event()
        kids = [(await there.site.desk.keep(SigningKeys).current()).kid]
        async with asyncio.TaskGroup() as working:
            for caller in callers:
                working.create_task(caller.work(done))
            await eventually(partial(has_been_checked, callers, kids[0]), True)
            for _ in range(ROTATIONS):
                kids.append(await rotate(there))
                await eventually(partial(has_been_checked, callers, kids[-1]), True)
            ordinary = sum(caller.checked.total() for caller in callers)
            assert [caller.refused for caller in callers] == [[]] * CLIENTS, "an ordinary rotation is not noticed"
            assert [set(caller.checked) for caller in callers] == [set(kids)] * CLIENTS, "each key has signed"

            began = time.monotonic()
            new = (await replace_keys(there.site.desk, VISIT, actor="operator")).kid
            await eventually(partial(has_been_checked, callers, new), True)
            done.set()
        for verifier in callers[0].verifiers:
            for kid in kids:
                with pytest.raises(TokenRefused):
                    verifier.check(callers[0].tokens[kid])
    late = max((when - began for caller in callers for when, kid in caller.refused if kid == new), default=0.0)
    assert late < BOUND
    with capsys.disabled():
        says = f"0 of {ordinary} checks failed in {ROTATIONS} rotations; after an emergency the new key counted"
        print(f"\n{says} within {late * 1000:.0f} ms", file=sys.stderr)  # noqa: T201 (CI shows it)
