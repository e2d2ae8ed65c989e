"""Hints that somebody has committed: nothing rests on them, they only make whoever polls look sooner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

from sqlalchemy import bindparam, func, select, text

from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import prepared

Wait: TypeAlias = Callable[[float], Coroutine[Any, Any, None]]

_SQLITE_EVERY_SECONDS = 0.05
_VERSION = prepared(text("PRAGMA data_version"))
_NOTIFY = prepared(select(func.pg_notify(bindparam("channel"), "")))


@asynccontextmanager
async def hints(db: Reading, channel: str) -> AsyncIterator[Wait]:
    """Give a function that waits a number of seconds, or until a hint comes, if that is sooner.

    On PostgreSQL the hint is `hint(tx, channel)`, by LISTEN and NOTIFY; on SQLite any commit, by a number that the file
    has for each connection, asked for twenty times a second. Behind a pooler that lends its connections by transaction
    no hint comes, and what was waited for is found by polling.

    Args:
        db: a reading that whoever waits keeps for as long.
    """
    if db.dialect == "sqlite":
        watch = _FileWatch(db)
        await watch.changed()
        yield watch.wait
    else:
        heard = asyncio.Event()
        driver: Any = await db.driver_connection()

        def hear(*_: object) -> None:
            heard.set()

        await driver.add_listener(channel, hear)
        try:
            yield lambda seconds: _wait_for(heard, seconds)
        finally:
            await driver.remove_listener(channel, hear)  # of a closed connection there is nothing to remove


async def hint(tx: Writing, channel: str) -> None:
    """Hint, when this transaction commits, that there is something to read."""
    if tx.dialect == "postgresql":
        await tx.run(_NOTIFY, {"channel": channel})


class _FileWatch:
    def __init__(self, db: Reading) -> None:
        self._db = db
        self._version = -1

    async def changed(self) -> bool:
        ((version,),) = await self._db.run(_VERSION, {})
        before, self._version = self._version, version
        return bool(version != before)

    async def wait(self, seconds: float) -> None:
        while seconds > 0 and not await self.changed():
            await asyncio.sleep(min(seconds, _SQLITE_EVERY_SECONDS))
            seconds -= _SQLITE_EVERY_SECONDS


async def _wait_for(heard: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await heard.wait()
    heard.clear()
