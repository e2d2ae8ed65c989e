"""Clean-up removes what has run out, a bounded batch at a time, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from coatcheck.storage.database import Database
from coatcheck.storage.migrate import prepare
from coatcheck.storage.tables import metadata
from coatcheck.storage.tables.ephemeral import ephemeral
from coatcheck.storage.tables.leases import leases
from coatcheck.storage.tidy import tidy
from coatcheck.testing.clock import ManualClock

NOW = ManualClock().now()
GRACE = 60_000


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    postgres = request.param == "postgres"
    opened = Database(request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path}/app.db")
    await prepare(opened)
    yield opened
    await opened.close()


async def _put(database: Database, kind: str, count: int, expires_at: int) -> None:
    rows = [{"kind": kind, "key": str(n), "value": b"", "count": 0, "expires_at": expires_at} for n in range(count)]
    async with database.writing() as tx:
        await tx.execute(insert(ephemeral), rows)


async def _left(database: Database) -> dict[str, int]:
    by_kind = select(ephemeral.c.kind, func.count().label("left")).group_by(ephemeral.c.kind)
    async with database.reading() as db:
        return {row.kind: row.left for row in await db.execute(by_kind)}


async def test_a_batch_is_bounded_and_the_rest_goes_next_time(database: Database) -> None:
    await _put(database, "old", 25, NOW - GRACE - 1)
    gone = [await tidy(database, NOW, batch=10) for _ in range(4)]
    assert gone == [{"ephemeral": 10}, {"ephemeral": 10}, {"ephemeral": 5}, {}]


async def test_only_what_has_run_out_a_minute_ago_goes(database: Database) -> None:
    await _put(database, "old", 3, NOW - GRACE - 1)
    await _put(database, "just", 3, NOW - GRACE)
    await _put(database, "live", 3, NOW + 1)
    assert await tidy(database, NOW) == {"ephemeral": 3}
    assert await _left(database) == {"just": 3, "live": 3}


async def test_tables_without_an_expiry_are_left_alone(database: Database) -> None:
    async with database.writing() as tx:
        await tx.execute(insert(leases).values(name="tidy", holder="wrk_1", until=1))
    assert await tidy(database, NOW) == {}
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(leases))).scalar() == 1


def test_every_table_says_who_cleans_it_up() -> None:
    for table in metadata.sorted_tables:
        assert len(table.info.keys() & {"expires", "stays"}) == 1, table.name
        if "expires" in table.info:
            column = table.c[table.info["expires"]]
            assert any(index.columns[0] is column for index in table.indexes), f"{table.name}: clean-up needs an index"
