"""How the two databases are opened: what SQLite and PostgreSQL need so that they keep the same promises."""

import sqlite3
from typing import Any

from msgspec import Struct
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from coatcheck.errors import ConfigurationError
from coatcheck.storage.sqlite_driver import Driver

_BUSY_SECONDS = 10
_WAL_TRIES = 20


class Engines(Struct, frozen=True):
    """Hold the engines of one database: lone statements, snapshots, transactions that write."""

    dialect: str
    reads: AsyncEngine
    snapshots: AsyncEngine
    writes: AsyncEngine

    async def close(self) -> None:
        """Give back every connection of each."""
        for engine in (self.reads, self.snapshots, self.writes):
            await engine.dispose()


def make_engines(url: str, pool: int) -> Engines:
    """Open a database by its URL; nothing is connected yet.

    Raises:
        ConfigurationError: the URL is for no database that Coatcheck runs on.
    """
    parsed = parse_database_url(url)
    return _sqlite(parsed, pool) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed, pool)


def parse_database_url(url: str) -> URL:
    """Parse `sqlite:///…` or `postgresql://…` and set the driver.

    Raises:
        ConfigurationError: the URL is for no database that Coatcheck runs on.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "database.url is no URL: write sqlite:///app.db or postgresql://user@host/name"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigurationError("database.url names no file: write sqlite:///app.db (workers cannot share memory)")
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    if backend not in drivers:
        raise ConfigurationError(f"database.url names {backend!r}: Coatcheck runs on sqlite:/// and postgresql://")
    return parsed.set(drivername=drivers[backend])


def _sqlite(url: URL, pool: int) -> Engines:
    def make(size: int, begin: str | None) -> AsyncEngine:
        engine = create_async_engine(
            url, module=Driver(), pool_size=size, max_overflow=0, pool_timeout=30, hide_parameters=True
        )

        def prepare(connection: Any, _record: object) -> None:
            _prepare_sqlite(connection)
            connection.begins_with = begin

        event.listen(engine.sync_engine, "connect", prepare)
        return engine

    # One writing connection a process: SQLite has one writer anyway, and a queue in memory is fair.
    return Engines("sqlite", make(pool, None), make(2, "BEGIN"), make(1, "BEGIN IMMEDIATE"))


def _prepare_sqlite(connection: Any) -> None:
    """Make a new connection durable and safe to share a file: WAL, FULL, foreign keys, no implicit BEGIN."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Turn WAL on; several processes that open a new file may do so at once."""
    for _ in range(_WAL_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            # This pragma fails at once where another has the lock, whatever the timeout; a transaction waits for it.
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
        else:
            return
    raise TimeoutError("the database file stays locked while WAL is turned on")


def _postgresql(url: URL, pool: int) -> Engines:
    writes = create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"timeout": 10},
    )
    return Engines(
        "postgresql",
        writes.execution_options(isolation_level="AUTOCOMMIT"),
        writes.execution_options(isolation_level="REPEATABLE READ"),
        writes,
    )
