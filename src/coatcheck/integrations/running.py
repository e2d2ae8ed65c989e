"""An authenticator that keeps itself up to date is started with the app, and closed with it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import isawaitable
from threading import Lock
from typing import Any


class Running:
    """Start an authenticator once in a process, and close it; one without `start` and `close` needs neither.

    Args:
        authenticator: a `Verifier` has both; `Coatcheck` has a lifespan of its own, which the app runs.
    """

    def __init__(self, authenticator: object) -> None:
        start, close = getattr(authenticator, "start", None), getattr(authenticator, "close", None)
        runs = callable(start) and callable(close)
        self._start: Any = start if runs else None
        self._close: Any = close if runs else None
        self._process: int | None = None
        self._lock = Lock()

    async def begin(self) -> None:
        """Start, unless it was started here before."""
        if self._is_first() and self._start is not None:
            await _call(self._start)

    async def end(self) -> None:
        """Close what was started."""
        if self._process is not None and self._close is not None:
            await _call(self._close)
        self._process = None

    def begin_sync(self) -> None:
        """Start in an app that has no event loop, at its first request: a server forks its workers before that.

        Raises:
            RuntimeError: it can only be started in an event loop.
        """
        with self._lock:  # nobody asks before the one who was first has started it
            if self._is_first() and self._start is not None and isawaitable(self._start()):
                raise RuntimeError("this authenticator starts in an event loop; a WSGI app needs one that does not")

    @asynccontextmanager
    async def around(self, app: object = None) -> AsyncIterator[None]:
        """Start before an app and close after it: a lifespan."""
        await self.begin()
        try:
            yield
        finally:
            await self.end()

    def _is_first(self) -> bool:
        # Threads do not survive a fork, so what was started in a parent has to be started again.
        here = os.getpid()
        first, self._process = self._process != here, here
        return first


async def _call(function: Any) -> None:
    """Call what may block or may be a coroutine function."""
    result = await asyncio.to_thread(function)
    if isawaitable(result):
        await result
