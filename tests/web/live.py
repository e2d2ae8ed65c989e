"""A real server for a test: uvicorn, as we run it, on a free port, in a thread and an event loop of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from coatcheck.server.bounded_http import BoundedHttp

_STARTS_WITHIN_S = 30


@contextmanager
def served(
    make: Callable[[int], ASGIApp],
    host: str = "127.0.0.1",
    http: type[asyncio.Protocol] = BoundedHttp,
    idle_seconds: int = 5,
) -> Iterator[int]:
    """Serve an app as long as the block lasts, and give its port.

    Args:
        make: makes the app, once its port is known.
        http: the protocol, where it is not ours.
        idle_seconds: how long a connection is kept on which nothing comes.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, 0))
        port: int = listening.getsockname()[1]
        config = uvicorn.Config(
            make(port),
            http=http,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=idle_seconds,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield port
        finally:
            server.should_exit = True
            thread.join(_STARTS_WITHIN_S)
        assert not thread.is_alive(), "the server did not stop"


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    waiting = threading.Event()
    for _ in range(_STARTS_WITHIN_S * 100):
        if server.started:
            return
        assert thread.is_alive(), "the server did not start"
        waiting.wait(0.01)
    raise AssertionError("the server did not start in time")
