"""Connections that stay open, in this process: a WebSocket's client, and a pace that a test ticks by hand."""

import asyncio
import json
from typing import Any

from coatcheck.integrations.watch import Pace
from coatcheck.testing.clock import ManualClock
from tests.integrations.callers import HOST, Headers


class ByHand(Pace):
    """Look when the test says so, or when there is news; never by the time that passes."""

    def __init__(self) -> None:
        self.manual = ManualClock()
        super().__init__(self.manual)
        self._beat = asyncio.Event()
        self._waiting = asyncio.Event()

    async def tick(self, told: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (told, self._beat)]
        self._waiting.set()
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.clear()
            for wait in waits:
                wait.cancel()

    async def beat(self) -> None:
        """Let it look once more."""
        await self._waiting.wait()
        self._beat.set()
        self._beat = asyncio.Event()
        self._waiting.clear()

    async def looked(self) -> None:
        """Let it look once more, and wait until it has, and goes on."""
        await self.beat()
        await self._waiting.wait()


class Client:
    """Open a WebSocket on an ASGI app, and talk."""

    def __init__(self, app: Any, path: str = "/socket", query: str = "", headers: Headers = ()) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "wss",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", HOST.encode()), *((name.encode(), value.encode()) for name, value in headers)],
            "subprotocols": [],
            "client": ("203.0.113.7", 1),
            "server": (HOST, 443),
            "extensions": {},
            "state": {},
        }
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.served: asyncio.Task[None] = asyncio.ensure_future(app(scope, self._to_app.get, self._send))

    async def _send(self, message: Any) -> None:
        self._from_app.put_nowait(dict(message))

    def say(self, message: str | bytes) -> None:
        """Send a message."""
        kind = "text" if isinstance(message, str) else "bytes"
        self._to_app.put_nowait({"type": "websocket.receive", kind: message})

    def present(self, token: str) -> None:
        """Send a token."""
        self.say(json.dumps({"authorization": f"Bearer {token}"}))

    def leave(self) -> None:
        """Go away."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def hear(self) -> Any:
        """Give the next message of the app: a text, or what was done in ASGI's words."""
        message = await self._from_app.get()
        return message.get("text", message) if message["type"] == "websocket.send" else message

    async def accepted(self) -> None:
        """Wait until the socket is open."""
        assert (await self.hear())["type"] == "websocket.accept"

    async def closed(self) -> int:
        """Wait until the app has closed the socket and is done with it, and give the code."""
        message = await self.hear()
        assert message["type"] == "websocket.close", message
        await asyncio.wait({self.served})
        code: int = message["code"]
        return code

    @property
    def is_silent(self) -> bool:
        """Whether the app has said nothing more."""
        return self._from_app.empty()
