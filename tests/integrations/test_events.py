"""Server-sent events: a stream that ends with the session of whoever asked for it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from coatcheck.errors import NotSignedIn
from coatcheck.integrations.events import live_events
from coatcheck.integrations.starlette import use
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Asked, Principal
from tests.integrations.callers import call_asgi
from tests.integrations.live import ByHand

ANN = Principal(subject="acc_ann", session="ses_ann")


class Source:
    """Give events that a test puts in, and note when it was closed."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self.is_closed = False

    async def events(self) -> AsyncIterator[str]:
        try:
            while (event := await self.waiting.get()) is not None:
                yield event
        finally:
            self.is_closed = True


def request_with(authorization: str, known: Any) -> Request:
    app = Starlette()
    use(app, known)
    headers = [(b"authorization", authorization.encode()), (b"host", b"app.example.org")]
    scope = {"type": "http", "app": app, "method": "GET", "path": "/events", "headers": headers, "query_string": b""}
    return Request(scope)


async def stream(known: Any, source: Source, pace: ByHand) -> AsyncIterator[str]:
    return await live_events(request_with("Bearer ann", known), source.events(), pace=pace)


async def test_it_gives_what_there_is() -> None:
    known, source = FixedAuthenticator({"ann": ANN}), Source()
    for event in ("one", "two", None):
        source.waiting.put_nowait(event)
    assert [event async for event in await stream(known, source, ByHand())] == ["one", "two"]
    assert (source.is_closed, known.listeners) == (True, 0)


@pytest.mark.parametrize("how", ["end", "move"])
async def test_it_ends_with_the_session(how: str) -> None:
    known, source = FixedAuthenticator({"ann": ANN}), Source()
    events = await stream(known, source, ByHand())
    source.waiting.put_nowait("one")
    assert await anext(events) == "one"
    coming = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    known.end(ANN) if how == "end" else known.move("ann")
    with pytest.raises(StopAsyncIteration):
        await coming
    assert (source.is_closed, known.listeners) == (True, 0)


async def test_it_goes_on_while_the_session_does() -> None:
    known, source, pace = FixedAuthenticator({"ann": ANN}), Source(), ByHand()
    events = await stream(known, source, pace)
    for word in ("one", "two", "three"):
        source.waiting.put_nowait(word)
        assert await anext(events) == word
        await pace.looked()


async def test_nobody_is_answered_before_it_begins() -> None:
    app = Starlette()
    use(app, FixedAuthenticator({"ann": ANN}))
    source = Source()

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(await live_events(request, source.events()), media_type="text/event-stream")

    app.router.routes.append(Route("/events", endpoint))
    source.waiting.put_nowait("data: one\n\n")
    source.waiting.put_nowait(None)
    refused = await call_asgi(app, "GET", "/events")
    assert (refused.status, refused.document["code"]) == (401, "not_signed_in")
    given = await call_asgi(app, "GET", "/events", [("authorization", "Bearer ann")])
    assert (given.status, given.body) == (200, b"data: one\n\n")


async def test_it_never_goes_on_unguarded() -> None:
    class Breaks(FixedAuthenticator):
        async def authenticate(self, asked: Asked) -> Principal:
            if not asked.is_use:
                raise LookupError("a bug of the authenticator")
            return await super().authenticate(asked)

    source = Source()
    events = await stream(Breaks({"ann": ANN}), source, ByHand())
    with pytest.raises(LookupError, match="a bug"):
        await anext(events)
    assert source.is_closed


async def test_who_goes_away_leaves_nothing_behind() -> None:
    known, source = FixedAuthenticator({"ann": ANN}), Source()
    events: Any = await stream(known, source, ByHand())
    source.waiting.put_nowait("one")
    await anext(events)
    await events.aclose()
    assert (source.is_closed, known.listeners) == (True, 0)
    with pytest.raises(NotSignedIn):
        await live_events(request_with("Bearer nobody", known), source.events())
