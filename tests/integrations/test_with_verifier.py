"""The real `Verifier` in apps, beside an issuer that answers it over HTTP; sockets end within its bound."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket

from coatcheck.integrations.fastapi import use
from coatcheck.integrations.sockets import authenticated_socket
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import SyncAuthenticator, TokenRefused, Verifier
from tests.integrations.apps import ON_ASGI, ON_WSGI, app_of
from tests.integrations.live import Client
from tests.verifier.issuer import AUDIENCE, SERVICE, Issuer, eventually

NEEDED = '{"authorization":"needed"}'


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer(ManualClock())
    with issuer.serving():
        yield issuer


@pytest.fixture
def verifier(issuer: Issuer) -> Iterator[Verifier]:
    with Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock) as verifier:
        eventually(lambda: verifier.is_fresh)
        yield verifier


@pytest.mark.parametrize("framework", [*ON_ASGI, *ON_WSGI])
async def test_it_checks_for_every_framework(framework: str, issuer: Issuer, verifier: Any) -> None:
    call = app_of(framework, verifier)
    token = ("authorization", f"Bearer {issuer.token(7)}")
    assert (await call("GET", "/me", [token])).document == {"subject": "acc_ann"}
    assert (await call("DELETE", "/delete", [token])).status == 200
    assert (await call("POST", "/fresh", [token])).document["code"] == "fresh_sign_in_needed"
    assert (await call("GET", "/me", [token, token])).document["code"] == "invalid_token"
    assert (await call("GET", "/me", [])).document["code"] == "not_signed_in"
    issuer.end(7)
    await until(lambda: refuses(verifier, issuer.token(7)))
    refused = await call("GET", "/me", [token])
    assert (refused.status, refused.document["code"]) == (401, "invalid_token")


def test_it_needs_no_event_loop(verifier: Verifier) -> None:
    assert isinstance(verifier, SyncAuthenticator)


def app_with(verifier: Verifier) -> FastAPI:
    app = FastAPI()
    use(app, verifier)

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket) as live:
            async for message in live:
                await websocket.send_text(str(message))

    return app


async def opened(verifier: Verifier, token: str) -> Client:
    client = Client(app_with(verifier))
    await client.accepted()
    client.present(token)
    client.say("hello")
    assert await client.hear() == "hello"
    return client


async def test_a_revoked_session_closes_its_socket(issuer: Issuer, verifier: Verifier) -> None:
    client = await opened(verifier, issuer.token(7))
    issuer.end(7)
    assert await client.closed() == 4401


async def test_a_moved_session_is_given_time(issuer: Issuer, verifier: Verifier) -> None:
    client = await opened(verifier, issuer.token(7))
    issuer.end(7, kind="moved")
    assert await client.hear() == NEEDED
    client.present(issuer.token(8, roles=[]))
    client.say("again")
    assert await client.hear() == "again"
    issuer.end(8)
    assert await client.closed() == 4401


async def test_a_session_that_moved_and_then_ended_closes(issuer: Issuer, verifier: Verifier) -> None:
    client = await opened(verifier, issuer.token(7))
    issuer.end(7, kind="moved")
    assert await client.hear() == NEEDED
    issuer.end(7)
    assert await client.closed() == 4401


def refuses(verifier: Verifier, token: str) -> bool:
    try:
        verifier.check(token)
    except TokenRefused:
        return True
    return False


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, holds)
