"""The driver makes one visit to its thread a statement, and never leaves a transaction open behind a cancelled one."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text

from coatcheck.storage.database import Database
from coatcheck.storage.prepared import prepared


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/app.db")
    async with opened.writing() as tx:
        await tx.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, says TEXT)"))
    yield opened
    await opened.close()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note each visit to a connection's thread."""
    made: list[object] = []
    visit: Callable[..., Awaitable[object]] = aiosqlite.Connection._execute

    async def noting(self: aiosqlite.Connection, *args: object, **named: object) -> object:
        made.append(args)
        return await visit(self, *args, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noting)
    return made


async def _count(database: Database) -> int:
    async with database.reading() as db:
        return int((await db.execute(text("SELECT count(*) FROM notes"))).scalar_one())


def modes_in(folder: Path) -> dict[str, int]:
    """Give who may do what with each file of a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_its_owner_alone_can_read_a_new_file(database: Database, tmp_path: Path) -> None:
    """Those beside it too, which hold the latest changes."""
    assert await _count(database) == 0
    assert modes_in(tmp_path) == {"app.db": 0o600, "app.db-wal": 0o600, "app.db-shm": 0o600}


async def test_a_reading_is_one_visit(database: Database, visits: list[object]) -> None:
    await _count(database)
    visits.clear()
    await _count(database)
    assert len(visits) == 1


async def test_a_writing_is_a_visit_a_statement_and_one_to_commit(database: Database, visits: list[object]) -> None:
    visits.clear()
    async with database.writing() as tx:
        for number in range(3):
            await tx.execute(text("INSERT INTO notes (id) VALUES (:id)"), {"id": number})
    assert len(visits) == 4
    assert await _count(database) == 3


async def test_what_is_added_travels_with_the_commit(database: Database, visits: list[object]) -> None:
    add, count = prepared(text("INSERT INTO notes (id) VALUES (:id)")), prepared(text("SELECT count(*) FROM notes"))
    visits.clear()
    async with database.writing() as tx:
        tx.add(add, {"id": 1})
        tx.add(add, {"id": 2})
        assert await tx.run(count, {}) == [(2,)]
        tx.add(add, {"id": 3})
    assert len(visits) == 2
    assert await _count(database) == 3


async def test_a_writing_takes_the_lock_with_its_first_statement(database: Database, tmp_path: Path) -> None:
    async with database.writing() as tx:
        await tx.execute(text("SELECT 1"))
        with sqlite3.connect(tmp_path / "app.db", timeout=0) as other, pytest.raises(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
        other.close()


async def test_a_writing_cancelled_while_it_waits_for_the_lock_leaves_nothing_open(
    database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.writing() as tx:
            await tx.execute(text("INSERT INTO notes (id) VALUES (1)"))

    writing = asyncio.ensure_future(write())
    done, _ = await asyncio.wait({writing}, timeout=0.2)
    assert not done
    writing.cancel()
    other.execute("COMMIT")
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with database.writing() as tx:
        await tx.execute(text("INSERT INTO notes (id) VALUES (2)"))
    assert await _count(database) == 1


async def test_rows_and_counts_come_through(database: Database) -> None:
    async with database.writing() as tx:
        rows = [{"id": number, "says": str(number)} for number in range(3)]
        assert (await tx.execute(text("INSERT INTO notes VALUES (:id, :says)"), rows)).rowcount == 3
        gone = await tx.execute(text("DELETE FROM notes WHERE id > 0"))
        assert gone.rowcount == 2
        left = await tx.execute(text("UPDATE notes SET says = 'kept' RETURNING id, says"))
        assert [tuple(row) for row in left] == [(0, "kept")]
