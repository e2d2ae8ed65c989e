"""SQLite as SQLAlchemy drives it: aiosqlite, with one visit to its thread a statement where SQLAlchemy makes four.

A visit costs more than most statements: the loop sleeps, a thread wakes, and back. So a statement is run, read and
closed in one, together with the BEGIN that it needs, and nothing is asked of the thread where there is nothing to
commit or roll back.
"""

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, cast

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util.concurrency import await_only

_Run: TypeAlias = Callable[[sqlite3.Cursor], object]
Batch: TypeAlias = Sequence[tuple[str, Any]]
"""Statements in SQLite's words, each with its parameters by name."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Run one statement, fetch all its rows and close it, in one visit."""

    __slots__ = ()

    _adapt_connection: "Connection"

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._visit(lambda cursor: cursor.execute(operation, parameters or ()))

    def executemany(self, operation: Any, seq_of_parameters: Any) -> None:
        self._visit(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def _visit(self, run: _Run) -> None:
        done = self._adapt_connection.visit(partial(_run_and_close, run, self._adapt_connection.begins_with))
        self.description, rows, self.rowcount, self.lastrowid = done
        self._rows = deque(rows)


class Connection(AsyncAdapt_aiosqlite_connection):
    """Begin a transaction with its first statement, and know whether one is open, without a visit for either.

    Args:
        begins_with: the statement that begins each transaction, or None where every statement stands alone.
    """

    __slots__ = ("_may_be_open", "begins_with")

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._may_be_open = True
        self.begins_with: str | None = None

    def cursor(self, server_side: bool = False) -> AsyncAdapt_aiosqlite_cursor:
        """Give a cursor that does its work in one visit."""
        return super().cursor(server_side=True) if server_side else _Cursor(self)

    def visit(self, call: Callable[[sqlite3.Connection], Any]) -> Any:
        """Call this in the connection's thread."""
        # Left so when the visit is cancelled: then nobody knows what the statement has begun.
        self._may_be_open = True
        try:
            answer, self._may_be_open = self.await_(self._connection._execute(_and_state, self._connection._conn, call))
        except Exception as error:  # noqa: BLE001 (raised again there, as one of the driver's)
            self._handle_exception(error)
        return answer

    async def run(self, batch: Batch, *, commits: bool = False) -> list[Sequence[Any]]:
        """Run statements one after the other in a single visit, and commit after them; give the rows of each.

        Raises:
            DBAPIError: one of them failed; those before it stay undone or not with the transaction.
        """
        self._may_be_open = True
        visit = self._connection._execute(_and_state, self._connection._conn, partial(_run_all, batch, self, commits))
        try:
            answer, self._may_be_open = await visit
        except sqlite3.Error as error:
            raise DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True) from error
        return cast("list[Sequence[Any]]", answer)

    def commit(self) -> None:
        """Commit, where a transaction is open."""
        if self._may_be_open:
            self.visit(sqlite3.Connection.commit)

    def rollback(self) -> None:
        """Roll back, where a transaction is open."""
        if self._may_be_open:
            self.visit(sqlite3.Connection.rollback)


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """Stand for the driver's module: `create_async_engine(…, module=Driver())`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> Connection:
        """Open a connection with a thread of its own."""
        _make_private(arg[0])
        opening = aiosqlite.connect(*arg, **kw)
        opening._thread.daemon = True
        return Connection(self, await_only(opening))


def _make_private(path: str) -> None:
    """Make a file that is not there so that its owner alone can read it; SQLite gives those beside it the same mode.

    SQLite itself would make one that everybody can read. Why a file cannot be made, it says better.
    """
    if not path.startswith("file:"):
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _and_state(connection: sqlite3.Connection, call: Callable[[sqlite3.Connection], Any]) -> tuple[Any, bool]:
    return call(connection), connection.in_transaction


def _run_all(batch: Batch, begun_by: Connection, commits: bool, connection: sqlite3.Connection) -> list[Sequence[Any]]:
    begins_with = begun_by.begins_with
    rows: list[Sequence[Any]] = [_run_and_close(partial(_execute, *each), begins_with, connection)[1] for each in batch]
    if commits:
        connection.commit()
    return rows


def _execute(statement: str, parameters: Any, cursor: sqlite3.Cursor) -> object:
    return cursor.execute(statement, parameters)


def _run_and_close(
    run: _Run, begins_with: str | None, connection: sqlite3.Connection
) -> tuple[Any, list[Any], int, int | None]:
    cursor = connection.cursor()
    try:
        if begins_with is not None and not connection.in_transaction:
            cursor.execute(begins_with)
        run(cursor)
        if cursor.description is None:
            return None, [], cursor.rowcount, cursor.lastrowid
        return cursor.description, cursor.fetchall(), -1, -1
    finally:
        cursor.close()
