"""A hint that somebody has committed ends the wait; without one it ends by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from coatcheck.storage.database import Database
from coatcheck.storage.hints import hint, hints

CHANNEL = "coatcheck_test"
LONG = 60.0


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    postgres = request.param == "postgres"
    return str(request.getfixturevalue("postgres_url")) if postgres else f"sqlite:///{tmp_path}/app.db"


@pytest.fixture
async def here(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    async with opened.writing() as tx:
        await tx.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY)"))
    yield opened
    await opened.close()


@pytest.fixture
async def elsewhere(url: str, here: Database) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


async def _commit(database: Database, number: int) -> None:
    async with database.writing() as tx:
        await tx.execute(text("INSERT INTO notes (id) VALUES (:id)"), {"id": number})
        await hint(tx, CHANNEL)


async def test_a_commit_elsewhere_ends_the_wait(here: Database, elsewhere: Database) -> None:
    async with here.reading() as db, hints(db, CHANNEL) as wait:
        for number in range(3):
            waiting = asyncio.create_task(wait(LONG))
            await asyncio.sleep(0)
            assert not waiting.done()
            await _commit(elsewhere, number)
            await asyncio.wait_for(waiting, LONG / 2)


async def test_a_commit_between_two_waits_ends_the_next(here: Database, elsewhere: Database) -> None:
    async with here.reading() as db, hints(db, CHANNEL) as wait:
        await _commit(elsewhere, 1)
        await asyncio.wait_for(wait(LONG), LONG / 2)


async def test_a_commit_of_this_process_is_news_too(here: Database) -> None:
    async with here.reading() as db, hints(db, CHANNEL) as wait:
        await _commit(here, 1)
        await asyncio.wait_for(wait(LONG), LONG / 2)


async def test_without_a_hint_it_ends_by_itself(here: Database) -> None:
    async with here.reading() as db, hints(db, CHANNEL) as wait:
        await asyncio.wait_for(wait(0.1), LONG)
