"""One daemon thread with an event loop of its own: what must be fetched is fetched there, for async and sync apps.

A fork takes the memory along and not the thread. The child's hook forgets the thread, and the next use starts another;
a check of the process id would race with the locks that the fork took along too.
"""

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

OURS: Final = "coatcheck"
"""The name of the tasks that end when the thread does."""

_CLOSES_WITHIN_S: Final = 5.0
_Result = TypeVar("_Result")


class OwnLoop:
    """Run coroutines on one thread, started on first use.

    Args:
        name: of the thread.
        main: what runs from the start to the end, if anything does.
    """

    def __init__(self, name: str, main: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        self._name = name
        self._main = main
        self._lock = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, threading.Thread] | None = None
        _all.add(self)

    @property
    def is_running(self) -> bool:
        """Whether the thread has been started in this process."""
        return self._running is not None

    def start(self) -> asyncio.AbstractEventLoop:
        """Start the thread if it is not running, and give its loop."""
        with self._lock:
            if self._running is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=self._run, args=(loop,), name=self._name, daemon=True)
                self._running = loop, thread
                thread.start()
            return self._running[0]

    def submit(self, work: Callable[[], Coroutine[Any, Any, _Result]]) -> Future[_Result]:
        """Run a coroutine there; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(_ours(work), self.start())

    def close(self) -> None:
        """Cancel what runs there, and wait until the thread has ended; the next use starts another."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            loop, thread = running
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSES_WITHIN_S)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        main = loop.create_task(self._main(), name=OURS) if self._main else None  # the loop keeps no hold of it
        try:
            loop.run_forever()
        finally:
            _cancel_ours(loop, main)
            loop.close()

    def forget(self) -> None:
        """Be as never started, in a child. The parent's loop is kept: to close it would unplug the parent's own."""
        _of_parents.append(self._running)
        self._running = None
        self._lock = threading.Lock()


async def _ours(work: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    if (task := asyncio.current_task()) is not None:
        task.set_name(OURS)
    return await work()


def _cancel_ours(loop: asyncio.AbstractEventLoop, main: asyncio.Task[None] | None) -> None:
    """Cancel our tasks; each cancels what the HTTP client has begun for it, in the client's own order."""
    tasks = {task for task in asyncio.all_tasks(loop) if task.get_name() == OURS or task is main}
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _forget_all() -> None:
    for each in tuple(_all):
        each.forget()


_all: weakref.WeakSet[OwnLoop] = weakref.WeakSet()
_of_parents: list[object] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
