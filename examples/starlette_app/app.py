"""A service on Starlette, with a stream of events. Run it with `uvicorn examples.starlette_app.app:app --port 8400`."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from coatcheck.integrations.events import live_events
from coatcheck.integrations.starlette import current_user, require, use
from examples.verifier import verifier


async def notes(request: Request) -> JSONResponse:
    """List the notes of whoever asks."""
    return JSONResponse({"notes": [], "of": (await current_user(request)).subject})


@require(permission="notes:delete")
async def clear(request: Request) -> JSONResponse:
    """Delete all notes."""
    return JSONResponse({"notes": [], "of": request.state.principal.subject})


async def news(request: Request) -> StreamingResponse:
    """Tell news until the session ends."""
    return StreamingResponse(await live_events(request, _ticks()), media_type="text/event-stream")


async def _ticks() -> AsyncIterator[str]:
    while True:
        yield "data: nothing new\n\n"
        await asyncio.sleep(1)


app = Starlette(routes=[Route("/notes", notes), Route("/notes", clear, methods=["DELETE"]), Route("/news", news)])
use(app, verifier)
