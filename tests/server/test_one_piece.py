"""Answers in one piece, over a real socket: byte for byte what uvicorn sends, but by one write."""

import re
import socket
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from coatcheck.http.headers import secured
from tests.web.live import served

LARGE = 4_000_000
_DATE = re.compile(rb"date: [^\r]+\r\n")

Pairs = list[tuple[bytes, bytes]]
OURS: Pairs = secured([], is_https=True)
HEADS: dict[str, tuple[int, Pairs, list[bytes]]] = {
    "/whole": (200, [(b"content-length", b"5"), (b"x-a", b"b")], [b"hello"]),
    "/empty": (200, [(b"content-length", b"0")], [b""]),
    "/refused": (404, [(b"content-length", b"2")], [b"no"]),
    "/none": (204, [], [b""]),
    "/unchanged": (304, [(b"etag", b'"x"')], [b""]),
    "/two-cookies": (200, [(b"content-length", b"2"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")], [b"ok"]),
    "/capitals": (200, [(b"Content-Length", b"2"), (b"X-Capital", b"Yes")], [b"ok"]),
    "/latin": (200, [(b"content-length", b"2"), (b"x-latin", "é\t!".encode("latin-1"))], [b"ok"]),
    "/closing": (200, [(b"content-length", b"2"), (b"connection", b"close")], [b"ok"]),
    "/no-length": (200, [], [b"hello"]),
    "/pieces": (200, [(b"content-length", b"10")], [b"hello", b"hello"]),
    "/chunks": (200, [], [b"hello", b"hello"]),
    "/large": (200, [(b"content-length", str(LARGE).encode())], [b"x" * LARGE]),
    "/too-long": (200, [(b"content-length", b"2")], [b"hello"]),
    "/too-short": (200, [(b"content-length", b"9")], [b"hello"]),
    "/ours": (200, secured([(b"content-length", b"5")], is_https=True), [b"hello"]),
    "/ours-on-http": (200, secured([(b"content-length", b"5")], is_https=False), [b"hello"]),
    "/ours-twice": (200, [(b"content-length", b"5"), (b"cache-control", b"no-cache"), *OURS], [b"hello"]),
    "/ours-first": (200, [*OURS, (b"content-length", b"5")], [b"hello"]),
    "/ours-too-long": (200, [(b"content-length", b"2"), *OURS], [b"hello"]),
    "/ours-split": (200, [(b"content-length", b"2"), (b"x-a", b"b\r\nset-cookie: a=1"), *OURS], [b"ok"]),
    "/split": (200, [(b"content-length", b"2"), (b"x-a", b"b\r\nset-cookie: a=1")], [b"ok"]),
    "/split-twice": (200, [(b"content-length", b"2"), (b"x-a", b"b\r\nset-cookie: a=1"), (b"x-a", b"b")], [b"ok"]),
    "/split-name": (200, [(b"content-length", b"2"), (b"x-a: b\r\nset-cookie", b"a=1")], [b"ok"]),
}


class App:
    """Answer by the path, and remember for which paths an answer was taken."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/gone":
            while (await receive())["type"] != "http.disconnect":
                pass
        status, headers, pieces = HEADS.get(scope["path"], HEADS["/whole"])
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["path"] == "/broken":
            raise RuntimeError("after the head, before the body")
        for piece in pieces[:-1]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": pieces[-1]})
        self.taken.append(scope["path"])


@pytest.fixture(scope="module")
def app() -> App:
    return App()


@pytest.fixture(scope="module")
def ours(app: App) -> Iterator[int]:
    with served(lambda _: app) as port:
        yield port


@pytest.fixture(scope="module")
def theirs(app: App) -> Iterator[int]:
    with served(lambda _: app, http=HttpToolsProtocol) as port:
        yield port


def request(path: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Write a request."""
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: localhost", *lines, "", ""]).encode()


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def answered(port: int, *requests: bytes) -> bytes:
    """Send requests at once, and give all that comes back until the server closes; without the time of day."""
    with opened(port) as connection:
        connection.sendall(b"".join(requests))
        back = b""
        while received := connection.recv(65_536):
            back += received
    return _DATE.sub(b"", back)


@pytest.mark.parametrize("path", HEADS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_is_uvicorns_own(ours: int, theirs: int, path: str, method: str) -> None:
    asked = request(path, "Connection: close", method=method)
    assert answered(ours, asked) == answered(theirs, asked)


@pytest.mark.parametrize("path", ["/whole", "/pieces", "/two-cookies", "/no-length"])
@pytest.mark.parametrize("lines", [(), ("Connection: keep-alive",)])
def test_http_1_0_is_uvicorns_own(ours: int, theirs: int, path: str, lines: tuple[str, ...]) -> None:
    asked = request(path, *lines, version="1.0")
    assert answered(ours, asked) == answered(theirs, asked)
    assert b"connection: close\r\n" in answered(ours, asked)


def test_requests_at_once_are_answered_in_their_order(ours: int, theirs: int) -> None:
    asked = [request(path) for path in ("/whole", "/pieces", "/refused", "/none", "/chunks", "/whole")]
    last = request("/empty", "Connection: close")
    assert answered(ours, *asked, last) == answered(theirs, *asked, last)
    assert answered(ours, *asked, last).count(b"HTTP/1.1 ") == 7


def test_a_header_that_would_split_the_answer_never_leaves(ours: int) -> None:
    for path in ("/split", "/split-twice", "/split-name", "/ours-split"):
        assert b"set-cookie" not in answered(ours, request(path, "Connection: close"))


def test_head_and_body_leave_together_and_the_connection_stays(ours: int) -> None:
    with opened(ours) as connection:
        for _ in range(20):
            connection.sendall(request("/whole"))
            assert connection.recv(65_536).endswith(b"\r\n\r\nhello")


def test_an_app_that_fails_after_its_head_is_answered_for(ours: int) -> None:
    assert answered(ours, request("/broken")).startswith(b"HTTP/1.1 500 ")


def test_a_reader_that_is_slow_is_waited_for(ours: int, app: App) -> None:
    app.taken.clear()
    with opened(ours) as connection:
        connection.sendall(request("/large") + request("/large") + request("/empty", "Connection: close"))
        first = connection.recv(1)
        assert answered(ours, request("/whole", "Connection: close")).endswith(b"hello")  # others are not
        assert app.taken == ["/large", "/whole"], "the second answer waits until the first one is read"
        back = first
        while received := connection.recv(1_000_000):
            back += received
    assert back.count(b"HTTP/1.1 200 OK") == 3
    assert back.count(b"x" * LARGE) == 2
    assert app.taken == ["/large", "/whole", "/large", "/empty"]


def test_who_went_away_is_not_written_to(ours: int, app: App) -> None:
    app.taken.clear()
    with opened(ours) as connection:
        connection.sendall(request("/gone"))
    with opened(ours) as connection:
        connection.sendall(request("/large") + request("/large"))
        connection.recv(1)
    assert answered(ours, request("/whole", "Connection: close")).endswith(b"hello")
    assert set(app.taken) <= {"/gone", "/large", "/whole"}
