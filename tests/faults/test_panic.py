"""A panic in a running system: two workers, a WebSocket, two services and a silent one, a provider that keeps tokens.

The receipt says when each was over. Each of them notes the same by itself, and the two are compared.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from coatcheck.accounts.account import Account
from coatcheck.admin.people import resolve_account
from coatcheck.admin.services import create_service
from coatcheck.clock import millis, parse_rfc3339
from coatcheck.desk import Desk
from coatcheck.ending.receipts import records
from coatcheck.ending.receipts.look import receipt_of
from coatcheck.errors import RevocationUnknown, TokenRefused
from coatcheck.login.link import link
from coatcheck.secret import Secret
from coatcheck.upstream.identity import Identity
from coatcheck.verifier.verifier import Verifier
from tests.faults.live_app import PROVIDER
from tests.faults.running import eventually
from tests.faults.workers import COOKIE, Deployment, Worker, workers
from tests.site import PASSWORD, VISIT
from tests.upstream.hostile import Hostile, answer, hostile
from tests.upstream.kept import made_up

AT = "/auth"
BOUND_MS = 1_000  # of workers, as they are set
HELD_MS = 4_000  # the issuer holds its answers to verifiers for three seconds, and notes what they say once a second
STALENESS = timedelta(seconds=12)
SLACK_MS = 750  # two cores, and others who use them


def now() -> int:
    """Give the time as receipts do."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class WithProvider(Deployment):
    """Say what the workers share, and where their provider is."""

    provider: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """The settings, as a worker's environment has them."""
        return {**super().environ, PROVIDER: self.provider}


@dataclass
class Service:
    """Check one token again and again, as a service does with requests, and note when it was taken last."""

    verifier: Verifier
    token: str
    name: str
    taken_last: int = 0
    refused_first: int = 0

    async def work(self) -> None:
        """Check until it is refused."""
        while not self.refused_first:
            if await takes(self.verifier, self.token):
                self.taken_last = now()
                await asyncio.sleep(0.001)
            else:
                self.refused_first = now()


@dataclass
class Seen:
    """Hold what others saw, each by itself."""

    socket_closed: int = 0
    socket_code: int = 0
    cookie_refused: int = 0
    provider_asked: list[int] = field(default_factory=list)


async def takes(verifier: Verifier, token: str) -> bool:
    """Tell whether a service takes a token."""
    try:
        verifier.check(token)
    except (TokenRefused, RevocationUnknown):
        return False
    return True


async def test_the_times_of_the_receipt_are_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = Seen()
    async with provider(seen) as at:
        shared = WithProvider(tmp_path, at.url)
        email, *_ = await shared.people(1)
        with workers(shared, app="tests.faults.live_app:make_app", at=AT) as (here, there):
            async with shared.operator() as desk, here.person() as owner, there.person() as same:
                await keep_tokens(desk, await resolve_account(desk, email))
                signed_in = await sign_in_at(owner, email)
                token = (await sign_in_at(same, email, present="tokens"))["access_token"]
                cookie = {"cookie": f"{COOKIE}={owner.cookies[COOKIE]}"}
                async with services(desk, there, token) as following, socket_at(here, cookie) as socket:
                    watching = [asyncio.create_task(each.work()) for each in following]
                    watching += [asyncio.create_task(until_closed(socket, seen))]
                    watching += [asyncio.create_task(until_refused(same, cookie, seen))]
                    asked = now()
                    receipt = (await owner.post(f"{AT}/api/account/panic", headers=cookie)).json()
                    answered = now()
                    async with asyncio.timeout(30):
                        await asyncio.gather(*watching)
                        await eventually(partial(open_lines, desk, receipt["receipt"]), ["asleep"])
                    found = (await receipt_of(desk, receipt["receipt"])).words(now())
        assert signed_in["account"]["email"] == email
    lines = {(line["what"], line["title"] or line["name"]): line for line in found["lines"]}
    cut_at = parse_rfc3339(found["cut_at"])
    assert asked <= cut_at <= answered
    assert {line["done_at"] for line in found["lines"] if line["what"] in ("sessions", "tokens")} == {found["cut_at"]}
    assert [lines["sessions", None]["count"], lines["tokens", None]["count"]] == [2, 1]
    # What lets in by a cookie elsewhere does so no longer than the bound allows.
    assert seen.cookie_refused <= cut_at + BOUND_MS + SLACK_MS

    closing = [line for line in found["lines"] if line["what"] == "worker"]
    assert sorted(line["count"] for line in closing) == [0, 1]
    [closed] = [at_of(line) for line in closing if line["count"] == 1]
    assert seen.socket_code == 4401
    assert cut_at - SLACK_MS <= seen.socket_closed <= closed + SLACK_MS
    assert closed - seen.socket_closed <= SLACK_MS

    says = [f"socket: seen closed {closed - seen.socket_closed} ms before the receipt's time"]
    for service in following:
        done = at_of(lines["verifier", service.name])
        assert service.taken_last <= done, "it was taken after its service had said that it heard"
        assert service.refused_first - SLACK_MS <= done <= service.refused_first + HELD_MS + SLACK_MS
        says.append(f"{service.name}: taken last {done - service.taken_last} ms before the receipt's time")
    [given_back] = [at_of(line) for line in found["lines"] if line["what"] == "provider"]
    assert seen.provider_asked[-1] <= given_back <= seen.provider_asked[-1] + SLACK_MS
    says.append(f"provider: asked {given_back - seen.provider_asked[-1]} ms before the receipt's time")
    silent = lines["verifier", "asleep"]
    assert (silent["state"], silent["done_at"]) == ("not_confirmed", None)
    assert parse_rfc3339(silent["at_latest"]) == cut_at + millis(STALENESS), (
        "what the service itself said that it is set to"
    )
    with capsys.disabled():
        print("\na receipt in a running system: " + "; ".join(says), file=sys.stderr)  # noqa: T201 (CI shows it)


def at_of(line: dict[str, Any]) -> int:
    """Give a line's time."""
    assert line["state"] == "done", line
    return parse_rfc3339(line["done_at"])


async def open_lines(desk: Desk, receipt: str) -> list[str]:
    """List what nobody has confirmed yet."""
    return [line.title for line in (await receipt_of(desk, receipt)).lines if line.outcome == "pending"]


@asynccontextmanager
async def provider(seen: Seen) -> AsyncIterator[Hostile]:
    """Run a provider that takes tokens back, and notes when."""
    async with hostile() as running:
        described = {
            "issuer": running.url,
            "authorization_endpoint": f"{running.url}/authorize",
            "token_endpoint": f"{running.url}/token",
            "jwks_uri": f"{running.url}/keys",
            "revocation_endpoint": f"{running.url}/revoke",
        }
        running.does["/.well-known/openid-configuration"] = answer(200, json.dumps(described).encode())
        taken_back = answer(200, b"{}")

        async def note(writer: asyncio.StreamWriter) -> None:
            seen.provider_asked.append(now())
            await taken_back(writer)

        running.does["/revoke"] = note
        yield running


async def keep_tokens(desk: Desk, account: Account) -> None:
    """Keep tokens of the provider for an account, as a sign-in by it does."""
    identity = Identity(
        provider="work",
        issuer="http://127.0.0.1",
        subject="ada",
        email=account.email,
        tokens=made_up("of the provider"),
    )
    async with desk.database.writing() as tx:
        await link(tx, desk, account, identity)


async def register(desk: Desk, name: str) -> tuple[str, Secret]:
    """Register a service; give its id and secret."""
    more: dict[str, Any] = {"permissions": [], "calls": [], "serves": [], "public_key": None, "actor": "operator"}
    made = await create_service(desk, VISIT, name=name, **more)
    assert made.secret is not None
    return made.id, made.secret


async def sign_in_at(browser: httpx.AsyncClient, email: str, **more: object) -> dict[str, Any]:
    """Sign in where Coatcheck is mounted."""
    body = {"identifier": email, "password": PASSWORD, **more}
    answered = await browser.post(f"{AT}/api/sign-in", json=body)
    assert answered.status_code == 200, answered.text
    signed_in: dict[str, Any] = answered.json()
    return signed_in


@asynccontextmanager
async def services(desk: Desk, worker: Worker, token: str) -> AsyncIterator[list[Service]]:
    """Run three services that follow the feed of a worker, until each has said so; one falls asleep then."""
    issuer, made = f"{worker.url}{AT}", {}
    for name, revocation in (("asleep", "feed"), ("billing", "feed"), ("notes", "stream")):
        credentials = await register(desk, name)
        how: dict[str, Any] = {"revocation": revocation, "max_staleness": STALENESS}
        made[name] = Verifier(issuer, credentials=credentials, **how)
    try:
        for verifier in made.values():
            await eventually(partial(takes, verifier, token), True)
        await eventually(partial(who_follows, desk), dict.fromkeys(made, millis(STALENESS)))
        await asyncio.to_thread(made.pop("asleep").close)
        yield [Service(verifier, token, name) for name, verifier in made.items()]
    finally:
        for verifier in made.values():
            await asyncio.to_thread(verifier.close)


async def who_follows(desk: Desk) -> dict[str, int]:
    """List who follows the feed, and how old the news may be that they judge by."""
    async with desk.database.reading() as db:
        return {name: staleness or 0 for _, name, staleness in await records.followers(db)}


@asynccontextmanager
async def socket_at(worker: Worker, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket by a cookie, and say something."""
    url = f"ws{worker.url.removeprefix('http')}/socket"
    async with connect(url, additional_headers=headers, origin=worker.url) as socket:  # type: ignore[arg-type]
        await socket.send("hello")
        assert "hello" in str(await socket.recv())
        yield socket


async def until_closed(socket: ClientConnection, seen: Seen) -> None:
    """Note when a socket is closed."""
    await socket.wait_closed()
    seen.socket_closed, seen.socket_code = now(), socket.close_code or 0


async def until_refused(browser: httpx.AsyncClient, cookie: dict[str, str], seen: Seen) -> None:
    """Ask a worker again and again who a cookie signs in, and note when nobody."""
    is_in = True
    while is_in:
        is_in = (await browser.get(f"{AT}/api/session", headers=cookie)).status_code == 200
    seen.cookie_refused = now()
