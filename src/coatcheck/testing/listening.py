"""What the fakes of the outside network share: a port of this machine, open while the context manager is entered."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

LOOPBACK: Final = "127.0.0.1"


class Listening:
    """Listen on a free port of 127.0.0.1 and give each connection to one function.

    Args:
        serve: takes a connection, and closes it.
        host: what its address calls this machine.
    """

    def __init__(
        self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], host: str = LOOPBACK
    ) -> None:
        self._serve_one = serve
        self._host = host
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Future[None]] = set()

    @property
    def origin(self) -> str:
        """Where it listens; only known while it does.

        Raises:
            RuntimeError: it does not.
        """
        if self._server is None:
            raise RuntimeError("enter the context manager first")
        return f"http://{self._host}:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve_one(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
