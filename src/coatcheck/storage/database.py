"""The database: how everything above reads and writes. SQLite and PostgreSQL behave the same behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from coatcheck.errors import DatabaseAway
from coatcheck.storage.engine import Engines, make_engines
from coatcheck.storage.prepared import Prepared, insert_of
from coatcheck.storage.sqlite_driver import Connection as SqliteConnection

_UNREACHABLE = (PoolTimeout, OSError, TimeoutError)

T = TypeVar("T")
Rows: TypeAlias = Sequence[Any]
Batch: TypeAlias = Sequence[tuple[Prepared, Mapping[str, Any]]]
AtEnd: TypeAlias = Callable[["Writing", list[Any]], Awaitable[None]]


class Reading:
    """Run statements that only read."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.dialect = connection.dialect.name
        self._sqlite = _sqlite_of(connection)

    async def run(self, statement: Prepared, parameters: Mapping[str, Any]) -> Rows:
        """Run one prepared statement; give its rows."""
        return (await self.run_all([(statement, parameters)]))[-1]

    async def run_all(self, batch: Batch) -> list[Rows]:
        """Run prepared statements one after the other; give the rows of each."""
        return await self._run_all(batch)

    async def _run_all(self, batch: Batch, *, commits: bool = False) -> list[Rows]:
        if self._sqlite is not None:  # all of them in one visit to its thread, with the commit
            words = [statement.for_sqlite(parameters) for statement, parameters in batch]
            return await self._sqlite.run(words, commits=commits)
        return [await self._rows(statement, parameters) for statement, parameters in batch]

    async def _rows(self, statement: Prepared, parameters: Mapping[str, Any]) -> Rows:
        result = await self._connection.execute(statement[self.dialect], parameters)
        return result.all() if result.returns_rows else ()

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run one SQLAlchemy Core statement."""
        return await self._connection.execute(statement, parameters)

    async def driver_connection(self) -> Any:
        """Give the driver's own connection, for what SQLAlchemy has no words for."""
        return (await self._connection.get_raw_connection()).driver_connection

    async def run_sync(self, call: Callable[[Connection], T]) -> T:
        """Run a synchronous function on this connection, for migrations."""
        return await self._connection.run_sync(call)


class Writing(Reading):
    """Run statements in one transaction that commits when its block is left without an error."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._put_off: list[tuple[Prepared, Mapping[str, Any]]] = []
        self._at_end: dict[AtEnd, list[Any]] = {}
        self._after: list[Callable[[], None]] = []

    def add(self, statement: Prepared, parameters: Mapping[str, Any]) -> None:
        """Run a statement whose rows nobody asks for, in its turn: together with the next one, or with the commit."""
        self._put_off.append((statement, parameters))

    async def run_all(self, batch: Batch) -> list[Rows]:
        """Run prepared statements after those that were added; give the rows of each."""
        added, self._put_off = self._put_off, []
        return (await self._run_all([*added, *batch]))[len(added) :]

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run one SQLAlchemy Core statement, after those that were added."""
        if self._put_off:
            await self.run_all(())
        return await super().execute(statement, parameters)

    def inserting(self, table: Table) -> Any:
        """Begin a statement that inserts many rows at once, and may say what to do where one's key is there."""
        return insert_of(self.dialect)(table)

    def at_end(self, write: AtEnd, item: Any) -> None:
        """Hand an item to `write`, which runs once with all its items as the last statements before the commit."""
        self._at_end.setdefault(write, []).append(item)

    def afterwards(self, call: Callable[[], None]) -> None:
        """Call this after the commit; also when the commit's outcome is in doubt, so it must do no harm then."""
        self._after.append(call)

    async def _finish(self) -> None:
        for write, items in self._at_end.items():
            await write(self, items)
        try:
            await self._commit()
        finally:
            for call in self._after:
                call()

    async def _commit(self) -> None:
        if self._put_off:
            added, self._put_off = self._put_off, []
            await self._run_all(added, commits=True)
        await self._connection.commit()


class Database:
    """Open readings, snapshots and writings on one database.

    Args:
        url: `sqlite:///path`, or `postgresql://user:password@host:port/name`.
        pool: how many connections readers, and on PostgreSQL writers, may use at once.

    Raises:
        ConfigurationError: the URL names neither.
    """

    def __init__(self, url: str, *, pool: int = 8) -> None:
        self._engines: Engines = make_engines(url, pool)
        self.dialect = self._engines.dialect

    @property
    def engine(self) -> AsyncEngine:
        """The engine that reads, for migrations and measurements."""
        return self._engines.reads

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """Run statements that stand alone: each sees what is committed when it runs.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        with _Translating():
            async with self._engines.reads.connect() as connection:
                yield Reading(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reading]:
        """Run statements that all see one state of the database.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        with _Translating():
            async with self._engines.snapshots.connect() as connection, connection.begin():
                yield Reading(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """Run one transaction; it commits durably on leaving the block, or not at all.

        On SQLite writers of this process queue here in order, so none of them spins on the file's lock.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        with _Translating():
            async with self._engines.writes.connect() as connection:
                await connection.begin()
                writing = Writing(connection)
                yield writing
                await _to_the_end(writing._finish())

    async def close(self) -> None:
        """Give back every connection."""
        await self._engines.close()


def _sqlite_of(connection: AsyncConnection) -> SqliteConnection | None:
    """Give the driver's own connection where it is SQLite's."""
    lent: Any = connection.sync_connection
    driver = lent.connection.dbapi_connection
    return driver if isinstance(driver, SqliteConnection) else None


async def _to_the_end(commit: Coroutine[Any, Any, None]) -> None:
    """Finish a commit although the task is cancelled meanwhile: half of one is worse than a late answer."""
    finishing = asyncio.ensure_future(commit)
    try:
        await asyncio.shield(finishing)
    except asyncio.CancelledError:
        await asyncio.wait({finishing})
        raise


class _Translating:
    """Turn a lost or refused connection into `DatabaseAway`; leave every other error as it is."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError) or error is None:
            return
        if isinstance(error, _UNREACHABLE) or _is_disconnect(error):
            raise DatabaseAway(because=f"database: {type(error).__name__}") from error


def _is_disconnect(error: BaseException) -> bool:
    # While a connection is being made, the driver's errors come bare.
    cause = error.orig if isinstance(error, DBAPIError) else error
    if str(getattr(cause, "sqlstate", None)).startswith(_LOST_STATES):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or any(word in str(cause).lower() for word in _LOST)


# PostgreSQL's appendix A: connection exception, transaction undone for another's sake, too many connections, shutting
# down, crashed, starting up.
_LOST_STATES = ("08", "40", "53300", "57P01", "57P02", "57P03")

_LOST = (
    "database is locked",
    "disk i/o error",
    "unable to open database",
    "connection was closed",
    "connection is closed",
    "connection refused",
    "shutting down",
    "starting up",
    "terminating connection",
    "too many clients",
)
