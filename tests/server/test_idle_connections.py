"""A connection that is kept is closed when nothing comes, over a real socket; never while something does."""

import socket
from collections.abc import Iterator

import pytest
from starlette.responses import PlainTextResponse

from coatcheck.clock import SystemClock
from tests.web.live import served

IDLE_SECONDS = 1
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
now = SystemClock().monotonic


@pytest.fixture
def port() -> Iterator[int]:
    with served(lambda _: PlainTextResponse("hello"), idle_seconds=IDLE_SECONDS) as port:
        yield port


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def ask(connection: socket.socket, asked: bytes = ASKED) -> None:
    connection.sendall(asked)
    assert connection.recv(65_536).endswith(b"hello")


def test_it_is_closed_so_long_after_its_last_answer(port: int) -> None:
    with opened(port) as connection:
        began = now()
        while now() - began < IDLE_SECONDS * 1.5:
            ask(connection)
        last = now()
        assert connection.recv(1) == b""
        assert now() - last > IDLE_SECONDS * 0.9, "the time counts from the last answer, not from the first"


def test_a_request_that_comes_slowly_is_waited_for(port: int) -> None:
    with opened(port) as slow, opened(port) as idle:
        ask(slow)
        slow.sendall(ASKED[:10])
        ask(idle)
        assert idle.recv(1) == b""  # so the clock of the other one has struck too
        ask(slow, ASKED[10:])
        assert slow.recv(1) == b"", "and it is closed as any other"


def test_requests_at_once_count_as_the_last_of_them(port: int) -> None:
    with opened(port) as connection:
        connection.sendall(ASKED * 3)
        back = b""
        while received := connection.recv(65_536):
            back += received
        assert back.count(b"hello") == 3
