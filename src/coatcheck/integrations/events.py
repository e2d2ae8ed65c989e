"""Server-sent events that end with their session, for Starlette and FastAPI."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from starlette.requests import HTTPConnection

from coatcheck.integrations.starlette import asked_of, authenticator_of
from coatcheck.integrations.watch import Pace, Watch
from coatcheck.verifier import Authenticator

Event = TypeVar("Event")


async def live_events(
    request: HTTPConnection,
    events: AsyncIterator[Event],
    *,
    authenticator: Authenticator | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[Event]:
    """Give an app's events while the session of whoever asked for them lives.

    Who it is, is checked before the first of them, so that a refusal is still an answer. When the session ends or
    moves, or its token runs out, the stream ends: a client asks again with what it has by then.

    Args:
        request: who asks.
        events: what to stream; it is closed at the end.
        authenticator: who checks; the app's own when left out.
        pace: when to look again whether the session lives.

    Raises:
        NotSignedIn: nobody is signed in.

    Example:
        return StreamingResponse(await live_events(request, news()), media_type="text/event-stream")
    """
    watch = Watch(authenticator or authenticator_of(request), pace or Pace())
    await watch.present(asked_of(request))
    return _while_alive(watch, events)


async def _while_alive(watch: Watch, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    with watch.held(), watch.told():
        over = asyncio.ensure_future(watch.over())
        try:
            while (found := await _next(events, over)) is not None:
                yield found[0]
        finally:
            over.cancel()
            await _close(events)


async def _next(events: AsyncIterator[Event], over: asyncio.Task[None]) -> tuple[Event] | None:
    """Give the next event, or None when there is none or the session is over."""
    coming = asyncio.ensure_future(_one_more(events))
    try:
        await asyncio.wait({coming, over}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            over.result()  # where looking itself failed, the stream fails too
            return None
        return coming.result()
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def _one_more(events: AsyncIterator[Event]) -> tuple[Event] | None:
    try:
        return (await anext(events),)
    except StopAsyncIteration:
        return None


async def _close(events: AsyncIterator[Event]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
