"""Call an app in this process as its server would: over ASGI, over WSGI, and with a WebSocket's upgrade."""

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote
from wsgiref.validate import validator

import httpx

HOST = "app.example.org"
ORIGIN = f"https://{HOST}"
Headers: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answered:
    """Hold what an app answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


async def call_asgi(app: Any, method: str, path: str, headers: Headers = (), *, root: str = "") -> Answered:
    """Ask an ASGI app; `root` is the prefix of its paths that it is told to be served under."""
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 1), root_path=root)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        answer = await client.request(method, path, headers=list(headers))
    return Answered(answer.status_code, answer.headers, answer.content)


async def call_wsgi(app: Any, method: str, path: str, headers: Headers = (), *, root: str = "") -> Answered:
    """Ask a WSGI app, in a thread without an event loop; the standard library's checker stands between."""
    return await asyncio.to_thread(_call_wsgi, app, environ(method, path, headers, root=root))


def environ(method: str, path: str, headers: Headers = (), *, root: str = "") -> dict[str, Any]:
    """Make the environment that Gunicorn makes of a request: headers of one name are joined by a comma."""
    sent, _, query = path.partition("?")
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": root,
        "PATH_INFO": unquote(sent, "latin-1").removeprefix(root),
        "QUERY_STRING": query,
        "RAW_URI": path,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": HOST,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        variable = f"HTTP_{name.upper().replace('-', '_')}"
        made[variable] = f"{made[variable]},{value}" if variable in made else value
    return made


def _call_wsgi(app: Any, made: dict[str, Any]) -> Answered:
    begun: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Any:
        begun.update(status=int(status.split()[0]), headers={name.lower(): value for name, value in headers})
        return lambda _bytes: None

    parts = validator(app)(made, start_response)
    body = b"".join(parts)
    parts.close()  # type: ignore[attr-defined]
    return Answered(begun["status"], begun["headers"], b"" if made["REQUEST_METHOD"] == "HEAD" else body)


async def upgrade(app: Any, path: str, headers: Headers = (), *, documents: bool) -> list[dict[str, Any]]:
    """Ask for a WebSocket, hang up at once, and give all that was sent.

    Args:
        documents: whether the server can answer an upgrade with a document.
    """
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "scheme": "wss",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", HOST.encode()), *((name.encode(), value.encode()) for name, value in headers)],
        "subprotocols": [],
        "client": ("203.0.113.7", 1),
        "server": (HOST, 443),
        "extensions": {"websocket.http.response": {}} if documents else {},
        "state": {},
    }
    heard = iter([{"type": "websocket.connect"}])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(heard, {"type": "websocket.disconnect", "code": 1001})

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    return sent
