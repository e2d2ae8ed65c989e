"""The database keeps the same promises on SQLite and PostgreSQL: all or nothing, durable, a clear word when away."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from coatcheck.errors import ConfigurationError, DatabaseAway
from coatcheck.storage.database import Database, Writing

notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", String(20), nullable=False))


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path}/app.db"
    opened = Database(url)
    async with opened.writing() as tx:
        await tx.run_sync(notes.metadata.create_all)
    yield opened
    await opened.close()


async def _texts(database: Database) -> list[str]:
    async with database.reading() as db:
        return list((await db.execute(select(notes.c.text).order_by(notes.c.id))).scalars())


async def _note(tx: Writing, number: int, says: str) -> None:
    await tx.execute(insert(notes).values(id=number, text=says))


async def test_a_writing_is_committed_when_left(database: Database) -> None:
    async with database.writing() as tx:
        await _note(tx, 1, "one")
    assert await _texts(database) == ["one"]


async def test_a_writing_that_fails_is_undone(database: Database) -> None:
    called: list[str] = []

    async def fail() -> None:
        async with database.writing() as tx:
            await _note(tx, 1, "one")
            tx.afterwards(lambda: called.append("after"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await _texts(database) == []
    assert called == []


async def test_a_writing_whose_last_statement_fails_is_undone(database: Database) -> None:
    async def fail(tx: Writing, items: list[Any]) -> None:
        await _note(tx, 1, "the same key again")

    async def write() -> None:
        async with database.writing() as tx:
            await _note(tx, 1, "one")
            tx.at_end(fail, None)

    with pytest.raises(IntegrityError):
        await write()
    assert await _texts(database) == []


async def test_at_end_runs_once_with_all_its_items_after_all_else(database: Database) -> None:
    async def last(tx: Writing, items: list[int]) -> None:
        count = (await tx.execute(select(func.count()).select_from(notes))).scalar_one()
        await _note(tx, 99, f"{count} before, {items}")

    async with database.writing() as tx:
        tx.at_end(last, 1)
        await _note(tx, 1, "one")
        tx.at_end(last, 2)
        await _note(tx, 2, "two")
    assert await _texts(database) == ["one", "two", "2 before, [1, 2]"]


async def test_afterwards_runs_when_others_can_see_the_commit(database: Database) -> None:
    seen: list[asyncio.Task[list[str]]] = []
    async with database.writing() as tx:
        tx.afterwards(lambda: seen.append(asyncio.ensure_future(_texts(database))))
        await _note(tx, 1, "one")
        assert seen == []
    assert await seen[0] == ["one"]


async def test_a_reading_sees_what_is_committed_when_it_asks(database: Database) -> None:
    async with database.reading() as db:
        assert (await db.execute(select(notes.c.text))).all() == []
        async with database.writing() as tx:
            await _note(tx, 1, "one")
            assert (await db.execute(select(notes.c.text))).all() == []
        assert (await db.execute(select(notes.c.text))).scalars().all() == ["one"]


async def test_a_snapshot_sees_one_state(database: Database) -> None:
    async with database.snapshot() as db:
        assert (await db.execute(select(notes.c.text))).all() == []
        async with database.writing() as tx:
            await _note(tx, 1, "one")
        assert (await db.execute(select(notes.c.text))).all() == []


async def test_a_cancelled_writing_is_undone_and_gives_its_connection_back(database: Database) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with database.writing() as tx:
            await _note(tx, 1, "one")
            begun.set()
            await asyncio.Event().wait()

    writing = asyncio.ensure_future(write())
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with database.writing() as tx:
        await _note(tx, 2, "two")
    assert await _texts(database) == ["two"]


async def test_many_writers_at_once_lose_nothing(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.writing() as tx:
            await _note(tx, number, str(number))

    await asyncio.gather(*(write(number) for number in range(50)))
    assert len(await _texts(database)) == 50


async def test_an_error_shows_no_value(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as refused:
        async with database.writing() as tx:
            await tx.execute(text("SELECT :secret FROM nowhere"), {"secret": "hush-hush"})
    assert "hush-hush" not in str(refused.value)


async def test_sqlite_is_durable_and_keeps_its_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/app.db")
    for opening in (database.reading, database.snapshot, database.writing):
        async with opening() as db:
            said = {name: (await db.execute(text(f"PRAGMA {name}"))).scalar() for name in PRAGMAS}
        assert said == PRAGMAS
    await database.close()


PRAGMAS = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000}


async def test_postgresql_commits_durably(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.writing() as tx:
        assert (await tx.execute(text("SHOW synchronous_commit"))).scalar() == "on"
    await database.close()


async def test_a_port_where_nobody_listens_is_away() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        database = Database(f"postgresql://ann:hush-hush@127.0.0.1:{closed.getsockname()[1]}/app")
        for opening in (database.reading, database.snapshot, database.writing):
            with pytest.raises(DatabaseAway) as away:
                async with opening():
                    pass
            assert "hush-hush" not in away.value.because
    await database.close()


async def _refuse_as_starting_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as PostgreSQL does while it starts: no TLS, then an error with the code of `cannot_connect_now`."""
    body = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
    if (await reader.readexactly(8))[4:] == (80877103).to_bytes(4):
        writer.write(b"N")
        await reader.readexactly(8)
    writer.write(b"E" + (len(body) + 4).to_bytes(4) + body)
    await writer.drain()
    writer.close()


async def test_a_server_that_is_starting_is_away() -> None:
    async with await asyncio.start_server(_refuse_as_starting_up, "127.0.0.1", 0) as server:
        database = Database(f"postgresql://ann@127.0.0.1:{server.sockets[0].getsockname()[1]}/app")
        with pytest.raises(DatabaseAway):
            async with database.reading():
                pass
        await database.close()


async def test_a_connection_that_the_server_ends_is_away_and_the_next_one_works(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.writing() as tx:
        await tx.run_sync(notes.metadata.create_all)

    async def write() -> None:
        async with database.writing() as tx:
            await _note(tx, 1, "lost")
            async with database.writing() as other:
                ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                await other.execute(text(f"{ends} AND pid <> pg_backend_pid()"))
            await _note(tx, 2, "lost")

    with pytest.raises(DatabaseAway):
        await write()
    async with database.writing() as tx:
        await _note(tx, 3, "kept")
    assert await _texts(database) == ["kept"]
    await database.close()


@pytest.mark.parametrize("url", ["mysql://host/app", "sqlite://", "sqlite:///", "sqlite:///:memory:", "no url at all"])
def test_what_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"database\.url"):
        Database(url)
