"""Upserts mean the same on both databases, and are compiled once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, select

from coatcheck.storage.database import Database
from coatcheck.storage.upsert import replacing, unless_there

notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("says", String(20), nullable=False))
ADD = unless_there(notes, "id", "says")
PUT = replacing(notes, "says", key="id")


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
        added = await tx.execute(ADD[tx.dialect], {"id": 1, "says": "first"})
        again = await tx.execute(ADD[tx.dialect], {"id": 1, "says": "second"})
        assert (added.rowcount, again.rowcount) == (1, 0)
        assert (await tx.execute(select(notes.c.says))).scalar_one() == "first"
        await tx.execute(PUT[tx.dialect], {"id": 1, "says": "third"})
        assert (await tx.execute(select(notes.c.says))).scalar_one() == "third"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_upsert_is_compiled_once(dialect: str) -> None:
    assert PUT[dialect] is PUT[dialect]
