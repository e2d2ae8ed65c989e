"""What a provider publishes: asked for by one request at a time, kept for an hour, and longer while it is away.

Nothing runs beside the requests: the first that needs a thing asks, and while somebody asks anew, the others go on with
what is known.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from coatcheck.clock import Clock
from coatcheck.upstream.trouble import UpstreamFailed

FRESH_S: Final = 3600.0
"""Seconds after which it is asked for anew."""

KEEP_S: Final = 86_400.0
"""Seconds for which it counts while the provider is away."""

AGAIN_S: Final = 10.0
"""Seconds between two questions while something is known: unknown key ids come from strangers."""

T = TypeVar("T")
_log = logging.getLogger("coatcheck.upstream")


class Remembered(Generic[T]):
    """Keep one thing that a provider publishes; made and used within one event loop.

    Args:
        clock: tells how old it is.
        fetch: asks for it; raises `UpstreamFailed`.
    """

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._known: tuple[T, float] | None = None
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Give it, asking for it if it is not known or an hour old.

        Raises:
            UpstreamFailed: it is not known, or a day old, and did not come.
        """
        now = self._clock.monotonic()
        if self._known is None or now - self._known[1] > KEEP_S:
            return await self._ask()
        if now - self._known[1] < FRESH_S:
            return self._known[0]
        return await self.again()

    async def again(self) -> T:
        """Give it as it is now; as it is known where somebody asked within ten seconds, or while the provider is away.

        Raises:
            UpstreamFailed: it is not known, and did not come.
        """
        if self._known is not None and self._clock.monotonic() - self._asked_at < AGAIN_S:
            return await asyncio.shield(self._asking) if self._asking else self._known[0]
        try:
            return await self._ask()
        except UpstreamFailed as failed:
            if self._known is None:
                raise
            _log.warning("what is known stays: %s", failed)
            return self._known[0]

    async def _ask(self) -> T:
        if self._asking is None:
            self._asked_at = self._clock.monotonic()
            self._asking = asyncio.create_task(self._read())
            self._asking.add_done_callback(self._has_asked)
        return await asyncio.shield(self._asking)

    async def _read(self) -> T:
        asked_at, found = self._clock.monotonic(), await self._fetch()
        self._known = (found, asked_at)
        return found

    def _has_asked(self, task: asyncio.Task[T]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # whoever waited may have gone; unread, it would be logged as forgotten
