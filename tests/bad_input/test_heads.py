"""Requests whose head is too large or none at all, over a real socket: no app behind a server ever sees them."""

import socket
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.bad_input.raw import Answered
from tests.web.live import served

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
LARGE = b"x" * 70_000
FLOOD = b"".join(b"x-%d: y\r\n" % number for number in range(3_000))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with how long the body was."""
    if scope["type"] == "http":
        body = await Request(scope, receive).body()
        await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(lambda _: app) as listening:
        yield listening


def sent(port: int, *pieces: bytes) -> bytes:
    """Send bytes on a connection, piece by piece, and give all that comes back until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        back = b""
        while received := connection.recv(65_536):
            back += received
    return back


def answered(back: bytes) -> Answered:
    """Read the one answer of a connection."""
    assert back.count(b"HTTP/1.1 ") == 1, back[:2000]
    head, _, body = back.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    assert int(headers["content-length"]) == len(body)
    return Answered(int(first.split()[1]), headers, body)


TOO_LARGE = {
    "address": (b"GET /" + LARGE + b" HTTP/1.1\r\n\r\n",),
    "address without an end": (b"GET /" + LARGE, LARGE, LARGE),
    "method without an end": (b"\r\n" * 40_000,),
    "one header": (GET + b"X: " + LARGE + b"\r\n\r\n",),
    "header without an end": (GET + b"X: ", *[LARGE] * 5),
    "many small headers": (GET + FLOOD + b"\r\n",),
    "trailer": (CHUNKED + b"X: " + LARGE + b"\r\n\r\n",),
    "many small trailers": (CHUNKED + FLOOD + b"\r\n",),
    "trailer without an end": (CHUNKED + b"X: ", *[LARGE] * 5),
}


@pytest.mark.parametrize("pieces", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_before_or_after_a_body(port: int, pieces: tuple[bytes, ...]) -> None:
    answer = answered(sent(port, *pieces))
    assert (answer.status, answer.code) == (431, "headers_too_large")
    assert answer.headers["connection"] == "close"


NO_REQUESTS = {
    "cookie with a control byte": GET + b"Cookie: a=\x01b\r\n\r\n",
    "header without a name": GET + b": x\r\n\r\n",
    "unknown method": b"GRAB / HTTP/1.1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
}


@pytest.mark.parametrize("request_line", NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_what_is_no_request(port: int, request_line: bytes) -> None:
    answer = answered(sent(port, request_line))
    assert (answer.status, answer.code) == (400, "malformed_request")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"\x01" not in answer.body


def test_what_is_large_enough_for_anybody_is_served(port: int) -> None:
    """Bodies are bounded by the app; a head of 60 kB, twice on one connection, is none of its business."""
    head = b"X: " + b"y" * 60_000 + b"\r\n"
    first = POST + head + b"Content-Length: 300000\r\n\r\n" + b"z" * 300_000
    back = sent(port, first, GET + head + b"Connection: close\r\n\r\n")
    assert back.count(b"HTTP/1.1 200 OK") == 2
    assert b"300000 bytes" in back
