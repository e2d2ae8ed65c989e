"""One daemon thread with an event loop of its own: what must be fetched is fetched there, for async and sync apps alike.

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
        self._forget()
        _all.add(self)

    @property
    def is_running(self) -> bool:
        """Whether the thread has been started in this process."""
        return self._loop is not None

    def start(self) -> asyncio.AbstractEventLoop:
        """Start the thread if it is not running, and give its loop."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            return self._loop

    def submit(self, work: Callable[[], Coroutine[Any, Any, _Result]]) -> Future[_Result]:
        """Run a coroutine there; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work(), self.start())

    def close(self) -> None:
        """Cancel what runs there, and wait until the thread has ended; the next use starts another."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSES_WITHIN_S)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        main = loop.create_task(self._main()) if self._main else None
        try:
            loop.run_forever()
        finally:
            _cancel_all(loop)
            del main
            loop.close()

    def _forget(self) -> None:
        """Be as never started. The parent's loop is kept as it is: to close it here would cut the parent's off."""
        _of_parents.append(getattr(self, "_loop", None))
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _forget_all() -> None:
    for each in tuple(_all):
        each._forget()


_all: weakref.WeakSet[OwnLoop] = weakref.WeakSet()
_of_parents: list[asyncio.AbstractEventLoop | None] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
