"""WebSockets that end with their session, for Starlette and FastAPI.

upgrade ── cookie or Authorization ──────────────────┐
   └─ accept ── first message within 5 s ────────────┴→ live ── its session ends → 4401
                {"authorization": "Bearer …"}             │
                {"ticket": "…"}                           └── its token runs out, or its session moves
                                                              → {"authorization": "needed"}, 30 s, 4401
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec.structs import replace
from starlette.websockets import WebSocket, WebSocketDisconnect

from coatcheck.integrations.asgi import close_code
from coatcheck.integrations.starlette import asked_of, authenticator_of, close
from coatcheck.integrations.watch import Pace, Watch
from coatcheck.verifier import Authenticator, BadBody, CoatcheckError, NotSignedIn, Principal

FIRST_MESSAGE_S = 5.0
"""How long a socket may stay open before it has presented anything."""

_NEEDED = '{"authorization":"needed"}'
_CONTROL_LENGTH = 16_384
_WAITING_MESSAGES = 64
_CLOSING_S = 5.0
_ASKING_S = 0.25
_IN_A_URL = frozenset(
    {"access_token", "auth", "authorization", "bearer", "id_token", "jwt", "refresh_token", "ticket", "token"}
)
_END = object()
_GONE = (TimeoutError, RuntimeError, OSError, WebSocketDisconnect)


@asynccontextmanager
async def authenticated_socket(
    websocket: WebSocket,
    *,
    authenticator: Authenticator | None = None,
    subprotocol: str | None = None,
    pace: Pace | None = None,
) -> AsyncIterator["LiveSocket"]:
    """Accept a WebSocket from somebody who is signed in, and close it when their session ends.

    Whoever opens it by a cookie must come from our own origin. Whoever has no cookie sends a token or a ticket as the
    first message, within 5 s, never in the URL. When the session ends, the body is cancelled at its next `await`, and
    what follows the `async with` runs.

    Args:
        websocket: not accepted yet.
        authenticator: who checks; the app's own when left out.
        subprotocol: which of the offered ones to speak.
        pace: when to look again whether the session lives; every 250 ms, and at once when a revocation is heard of.

    Raises:
        NotSignedIn: nobody may come in. The socket is closed already.
        CrossSiteRefused: another site opened it with the browser's cookie. The upgrade is refused already.
        BadBody: a credential stood in the URL, or the first message is none. The socket is closed with 4400 already.

    Example:
        @app.websocket("/news")
        async def news(websocket: WebSocket) -> None:
            async with authenticated_socket(websocket) as live:
                async for message in live:
                    await websocket.send_text(f"{live.principal.subject} says {message}")
    """
    watch = Watch(authenticator or authenticator_of(websocket), pace or Pace())
    try:
        await _let_in(websocket, watch, subprotocol)
    except CoatcheckError as error:
        await close(websocket, error)
        raise
    async with LiveSocket(websocket, watch).alive() as live:
        yield live


class LiveSocket:
    """Give an app the messages of a socket, and who sends them.

    A message `{"authorization": "Bearer …"}` with no other member presents a new token; it is taken out. All else is
    the app's. While 64 messages wait for the app, nothing more is read.
    """

    def __init__(self, websocket: WebSocket, watch: Watch) -> None:
        self._websocket = websocket
        self._watch = watch
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._room = asyncio.Semaphore(_WAITING_MESSAGES)
        self._body: asyncio.Task[Any] | None = None
        self._over: CoatcheckError | None = None
        self._broken: Exception | None = None

    @property
    def principal(self) -> Principal:
        """Who is at the other end, with the roles and permissions they have by now."""
        return self._watch.principal

    def __aiter__(self) -> "LiveSocket":
        return self

    async def __anext__(self) -> str | bytes:
        message = await self._messages.get()
        if message is _END:
            self._messages.put_nowait(_END)
            raise StopAsyncIteration
        self._room.release()
        received: str | bytes = message
        return received

    @asynccontextmanager
    async def alive(self) -> AsyncIterator["LiveSocket"]:
        """Run an app's body while the session lives."""
        self._body = body = asyncio.current_task()
        cancelled_before = body.cancelling() if body else 0
        with self._watch.held():
            async with self._guarded(body, cancelled_before):
                yield self
        if self._broken is not None:
            raise self._broken

    @asynccontextmanager
    async def _guarded(self, body: asyncio.Task[Any] | None, cancelled_before: int) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(self._or_shut(work)) for work in (self._read(), self._guard())]
        try:
            with self._watch.told():
                yield
                if self._over is not None:
                    await asyncio.sleep(0)  # the body was done first: its cancelling arrives here
        except asyncio.CancelledError:
            # As in `asyncio.timeout`: what was cancelled from here ends here, what another cancelled goes on.
            if self._over is None or body is None or body.uncancel() > cancelled_before:
                raise
        finally:
            await self._stop(tasks)

    async def _or_shut(self, work: Coroutine[Any, Any, None]) -> None:
        """Close the socket when what guards it fails: it must not stay open unguarded."""
        try:
            await work
        except Exception as broken:  # noqa: BLE001 (it is raised again, in the app's own task)
            self._broken = broken
            await self._shut(CoatcheckError(type(broken).__name__))

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self._messages.put_nowait(_END)
                return
            received = message.get("text") or message.get("bytes") or ""
            authorization = _control(received).get("authorization")
            if authorization is None:
                await self._room.acquire()
                self._messages.put_nowait(received)
            elif not await self._present(authorization):
                return

    async def _present(self, authorization: str) -> bool:
        try:
            await _present(self._websocket, self._watch, authorization)
        except CoatcheckError as error:
            await self._shut(error)
            return False
        return True

    async def _guard(self) -> None:
        asked = False
        while True:
            await self._watch.tick()
            error = await self._watch.look()
            if error is not None:
                return await self._shut(error)
            if self._watch.waits_for_token and not asked:
                with suppress(*_GONE):
                    async with asyncio.timeout(_ASKING_S):  # a client that reads nothing must not hold up the next look
                        await self._websocket.send_text(_NEEDED)
            asked = self._watch.waits_for_token

    async def _shut(self, error: CoatcheckError) -> None:
        if self._over is not None:
            return
        self._over = error
        if self._body is not None:
            self._body.cancel()
        with suppress(*_GONE):
            async with asyncio.timeout(_CLOSING_S):
                await self._websocket.close(close_code(error), error.code)

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        if self._over is not None:  # one of them is closing the socket
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _let_in(websocket: WebSocket, watch: Watch, subprotocol: str | None) -> None:
    """Find out who opens a socket, and accept it.

    Raises:
        NotSignedIn: by the time it is known, the socket may be accepted or not.
    """
    if _has_credential_in_url(websocket.scope):
        await websocket.accept(subprotocol)
        raise BadBody(because="a credential in the URL, where logs and histories keep it")
    asked = asked_of(websocket)
    if asked.authorization is not None:
        await watch.present(asked)
        return await websocket.accept(subprotocol)
    try:
        await watch.present(asked)
    except NotSignedIn as refused:
        await websocket.accept(subprotocol)  # a browser's script learns the code of an open socket alone
        if type(refused) is not NotSignedIn:
            raise
        return await _by_first_message(websocket, watch)
    return await websocket.accept(subprotocol)


async def _by_first_message(websocket: WebSocket, watch: Watch) -> None:
    message = await _first_message(websocket, watch)
    if message["type"] == "websocket.disconnect":
        raise NotSignedIn("the client went away")
    said = _control(message.get("text") or "")
    if "authorization" in said:
        return await _present(websocket, watch, said["authorization"])
    if "ticket" in said:
        return await watch.redeem(said["ticket"])
    raise BadBody(because="the first message presents nothing")


async def _first_message(websocket: WebSocket, watch: Watch) -> Any:
    until = watch.pace.clock.monotonic() + FIRST_MESSAGE_S
    receiving = asyncio.ensure_future(websocket.receive())
    try:
        while not receiving.done():
            if watch.pace.clock.monotonic() >= until:
                raise NotSignedIn("nothing was presented in time")
            ticking = asyncio.ensure_future(watch.tick())
            await asyncio.wait({receiving, ticking}, return_when=asyncio.FIRST_COMPLETED)
            ticking.cancel()
        return receiving.result()
    finally:
        receiving.cancel()


async def _present(websocket: WebSocket, watch: Watch, authorization: str) -> None:
    await watch.present(replace(asked_of(websocket), authorization=authorization, cookies=""))


def _control(message: str | bytes) -> dict[str, str]:
    """Give what a message presents: an object of one member; anything else is the app's."""
    if not isinstance(message, str) or len(message) > _CONTROL_LENGTH or not message.startswith("{"):
        return {}
    try:
        said = msgspec.json.decode(message, type=dict[str, str])
    except msgspec.MsgspecError:
        return {}
    return said if len(said) == 1 else {}


def _has_credential_in_url(scope: Any) -> bool:
    query = scope.get("query_string", b"").decode("latin-1")
    return any(name.lower() in _IN_A_URL or _is_jwt(value) for name, value in parse_qsl(query, keep_blank_values=True))


def _is_jwt(text: str) -> bool:
    return text.startswith("eyJ") and text.count(".") == 2
