"""A client that sends what no well-behaved one would: any bytes as path, header or body, in any pieces."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from tests.attacks.census import row_counts
from tests.site import ORIGIN, Site

Pairs = Sequence[tuple[bytes, bytes]]
GONE: Message = {"type": "http.disconnect"}


@dataclass(frozen=True)
class Answered:
    """Hold an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of the problem document, after a look at the whole of it."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.headers)
        problem = json.loads(self.body)
        assert problem["type"] == f"urn:coatcheck:{problem['code']}"
        assert problem["status"] == self.status
        return str(problem["code"])


async def kept(site: Site) -> dict[str, int]:
    """Count the rows of every table but those of the audit trail, which tells of refusals."""
    return {name: count for name, count in (await row_counts(site)).items() if not name.startswith("audit")}


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    headers: Pairs = (),
    body: bytes = b"",
    pieces: Sequence[Message] | None = None,
    client: str = "203.0.113.7",
) -> Answered:
    """Send one request, as a server would hand it on.

    Args:
        path: as it stands in the request line, with its query.
        headers: added to `Host`; names in lower case.
        pieces: the messages of the body, where it does not come in one.
    """
    raw, _, query = path.partition("?")
    waiting = list(pieces if pieces is not None else [{"type": "http.request", "body": body, "more_body": False}])
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else GONE

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote(raw),
        "raw_path": raw.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(b"host", ORIGIN.removeprefix("https://").encode()), *headers],
        "client": (client, 50_000),
        "server": ("127.0.0.1", 443),
    }
    await app(scope, receive, send)
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1, f"one answer to one request: {sent}"
    answer = {name.decode(): value.decode("latin-1") for name, value in starts[0].get("headers", [])}
    return Answered(starts[0]["status"], answer, b"".join(message.get("body", b"") for message in sent[1:]))
