"""Prepared statements mean the same on both databases, run in their turn, and are compiled once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from coatcheck.storage.database import Database
from coatcheck.storage.prepared import adding, prepared, replacing, unless_there

notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("says", String(20), nullable=False))
ADD = unless_there(notes, "id", "says")
PUT = replacing(notes, "says", key="id")
NEW = adding(notes, "id", "says")
READ = prepared(select(notes.c.says).where(notes.c.id == bindparam("its_id")))
LOUDER = prepared(update(notes).where(notes.c.id < 10).values(says=notes.c.says.concat("!")))


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path}/app.db"
    opened = Database(url)
    async with opened.writing() as tx:
        await tx.run_sync(notes.metadata.create_all)
    yield opened
    await opened.close()


async def test_a_row_that_is_there_stays_or_is_replaced(database: Database) -> None:
    async with database.writing() as tx:
        added = await tx.run(ADD, {"id": 1, "says": "first"})
        again = await tx.run(ADD, {"id": 1, "says": "second"})
        assert (len(added), len(again)) == (1, 0)
        assert (await tx.execute(select(notes.c.says))).scalar_one() == "first"
        await tx.run(PUT, {"id": 1, "says": "third"})
        assert (await tx.execute(select(notes.c.says))).scalar_one() == "third"


async def _says(database: Database, its_id: int) -> list[str]:
    async with database.reading() as db:
        return [row[0] for row in await db.run(READ, {"its_id": its_id})]


async def test_what_was_added_runs_before_what_comes_after(database: Database) -> None:
    async with database.writing() as tx:
        tx.add(NEW, {"id": 1, "says": "one"})
        assert [row[0] for row in await tx.run(READ, {"its_id": 1})] == ["one"]
        tx.add(LOUDER, {})
        assert (await tx.execute(select(notes.c.says))).scalar_one() == "one!"
        tx.add(LOUDER, {})
    assert await _says(database, 1) == ["one!!"]


async def test_the_rows_of_each(database: Database) -> None:
    async with database.writing() as tx:
        tx.add(NEW, {"id": 1, "says": "one"})
        rows = await tx.run_all([(READ, {"its_id": 1}), (NEW, {"id": 2, "says": "two"}), (READ, {"its_id": 2})])
    assert [[row[0] for row in each] for each in rows] == [["one"], [], ["two"]]


async def test_what_was_added_goes_with_a_failed_block(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as tx:
            tx.add(NEW, {"id": 1, "says": "one"})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await _says(database, 1) == []


@pytest.mark.parametrize("together", [True, False], ids=["in one visit", "one by one"])
async def test_a_clash_undoes_all(database: Database, together: bool) -> None:
    async def clash() -> None:
        async with database.writing() as tx:
            tx.add(NEW, {"id": 2, "says": "two"})
            if not together:
                await tx.run_all([])
            tx.add(NEW, {"id": 1, "says": "clashing words"})

    await _add(database, 1)
    with pytest.raises(IntegrityError) as clashed:
        await clash()
    assert "clashing words" not in str(clashed.value)
    assert await _says(database, 2) == []
    await _add(database, 3)
    assert await _says(database, 3) == ["again"]


async def _add(database: Database, number: int) -> None:
    async with database.writing() as tx:
        tx.add(NEW, {"id": number, "says": "again"})


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_upsert_is_compiled_once(dialect: str) -> None:
    assert PUT[dialect] is PUT[dialect]
