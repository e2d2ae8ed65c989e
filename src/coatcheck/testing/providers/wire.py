"""HTTP as the fakes speak it: one request a connection, kept as it came, and an answer, true or not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from coatcheck.testing.listening import Listening

JSON: Final = "application/json; charset=utf-8"
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Received:
    """Hold a request as it came.

    Args:
        at: what it was for: `authorize`, `token`, `userinfo` …, or empty for an address that is none.
        headers: by their names in lower case.
        query, form: parameters; of one that came twice, the last.
    """

    method: str
    path: str
    at: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Answer:
    """Hold an answer.

    Args:
        length: what it says of the length of its body, if not the truth.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None

    def written(self) -> bytes:
        """Write it as HTTP/1.1."""
        told = {
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body) if self.length is None else self.length),
            "Cache-Control": "no-store",
            "Connection": "close",
            **self.headers,
        }
        first = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"
        lines = (f"{name}: {it}" for name, it in told.items())
        return "\r\n".join([first, *lines, "", ""]).encode("latin-1") + self.body


def as_json(members: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with JSON."""
    return Answer(status, msgspec.json.encode(members), headers=headers or {})


def as_form(members: Mapping[str, str]) -> Answer:
    """Answer with a form, as nobody else does."""
    return Answer(200, urlencode(members).encode(), FORM)


def as_page(title: str, inner: str, status: int = 200) -> Answer:
    """Answer with a page.

    Args:
        inner: HTML, escaped already.
    """
    page = f"<!doctype html>\n<html lang=en>\n<title>{escape(title)}</title>\n<h1>{escape(title)}</h1>\n{inner}\n"
    return Answer(status, page.encode(), HTML)


def as_redirect(address: str) -> Answer:
    """Send the browser, or whoever asks, elsewhere."""
    return Answer(302, headers={"Location": address})


class Listener(Listening):
    """Listen on a port of 127.0.0.1; each request is handed on, and its answer written.

    Args:
        answer: gives the answer to a request.
        host: the name for this machine that stands in its address.
    """

    def __init__(self, answer: Callable[[Received], Awaitable[Answer]], host: str) -> None:
        super().__init__(self._serve, host)
        self._answer = answer

    @property
    def url(self) -> str:
        """Where it listens; only known while it does."""
        return self.origin

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            received = await _read(reader)
            answer = Answer(400) if received is None else await self._answer(received)
            writer.write(answer.written())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a browser opens connections ahead, and whoever asked may be gone
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received | None:
    """Read a request; None is one that is not HTTP."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    named = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in named}
    length = headers.get("content-length", "0")
    if first.count(" ") != 2 or not length.isdigit():
        return None
    method, target, _ = first.split(" ")
    body = await reader.readexactly(int(length))
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return Received(
        method,
        urlsplit(target).path,
        headers=headers,
        query=_parameters(urlsplit(target).query),
        form=_parameters(body.decode("utf-8", "replace")) if is_form else {},
        body=body,
    )


def _parameters(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
