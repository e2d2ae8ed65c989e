"""Migrations make exactly the tables that the code works with, once, and refuse a database that does not fit."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Row, insert, inspect, select, text, update
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.sql import column, table

from coatcheck.access import records as access
from coatcheck.errors import ConfigurationError
from coatcheck.storage import migrate as migrating
from coatcheck.storage.database import Database
from coatcheck.storage.migrate import VERSION_TABLE, migrate, prepare, version_state
from coatcheck.storage.tables import metadata
from coatcheck.storage.tables.access import role_permissions, roles
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.revocation import revocation_head

VERSION = table(VERSION_TABLE, column("version_num"))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/app.db"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


async def _set_version(database: Database, version: str) -> None:
    async with database.writing() as tx:
        await tx.execute(update(VERSION).values(version_num=version))


async def _heads(database: Database) -> list[Row[tuple[int, str, int]]]:
    async with database.reading() as db:
        return list(await db.execute(select(revocation_head)))


def _as_it_is(connection: Connection) -> dict[str, object]:
    """List what the database itself says of each of our tables."""
    found = inspect(connection)
    return {
        name: {
            "columns": [{**column, "type": repr(column["type"])} for column in found.get_columns(name)],
            "primary key": found.get_pk_constraint(name),
            "foreign keys": found.get_foreign_keys(name),
            "unique": found.get_unique_constraints(name),
            "indexes": [{**index, "dialect_options": _in_words(index)} for index in found.get_indexes(name)],
        }
        for name in metadata.tables
    }


def _in_words(index: ReflectedIndex) -> dict[str, str]:
    return {name: str(option) for name, option in index.get("dialect_options", {}).items()}


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_leave_nothing_that_autogenerate_would_change(database: Database) -> None:
    await migrate(database)

    async with database.reading() as db:
        assert await db.run_sync(_differences) == []


async def test_the_migrated_tables_are_those_that_the_metadata_makes(
    database: Database, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Compare keys and defaults too, which autogenerate does not look at."""
    await migrate(database)
    sqlite = database.dialect == "sqlite"
    other = f"sqlite:///{tmp_path}/other.db" if sqlite else request.getfixturevalue("postgres").fresh_database()
    made = Database(other)
    async with made.writing() as tx:
        await tx.run_sync(metadata.create_all)
    async with database.reading() as left, made.reading() as right:
        migrated, expected = await left.run_sync(_as_it_is), await right.run_sync(_as_it_is)
    await made.close()
    assert migrated == expected


async def test_an_empty_database_becomes_current_with_an_era_of_its_own(database: Database) -> None:
    assert await version_state(database) == "empty"
    await prepare(database)
    assert await version_state(database) == "current"
    [head] = await _heads(database)
    assert (head.one, head.number) == (1, 0)
    assert head.era.startswith("era_")
    assert len(head.era) == 30


async def test_preparing_again_changes_nothing(database: Database) -> None:
    await prepare(database)
    before = await _heads(database)
    await prepare(database)
    await migrate(database)
    assert await _heads(database) == before


async def test_many_prepare_an_empty_database_at_once(url: str) -> None:
    databases = [Database(url) for _ in range(5)]
    await asyncio.gather(*(prepare(database) for database in databases))
    assert [await version_state(database) for database in databases] == ["current"] * 5
    assert len(await _heads(databases[0])) == 1
    for database in databases:
        await database.close()


PREPARE = """
import asyncio, sys
from coatcheck.storage.database import Database
from coatcheck.storage.migrate import prepare

async def main():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    await prepare(database)
    await database.close()

asyncio.run(main())
"""


async def test_many_processes_prepare_an_empty_database_at_once(url: str, database: Database) -> None:
    run = (sys.executable, "-c", PREPARE, url)
    workers = [await asyncio.create_subprocess_exec(*run, stdin=PIPE, stdout=PIPE, stderr=PIPE) for _ in range(3)]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    assert [worker.returncode for worker in workers] == [0] * 3, said
    assert await version_state(database) == "current"
    assert len(await _heads(database)) == 1


async def test_a_newer_database_is_refused(database: Database) -> None:
    await prepare(database)
    await _set_version(database, "9999")
    assert await version_state(database) == "newer"
    with pytest.raises(ConfigurationError, match="newer Coatcheck: install that one with `pip install"):
        await prepare(database)
    with pytest.raises(ConfigurationError, match="newer Coatcheck"):
        await migrate(database)


NEXT = """
revision = "9999"
down_revision = "{last}"


def upgrade(op):
    op.execute("CREATE TABLE next (a int)")
"""


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand the migrations of a release to come in for ours: one more, after the last."""
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(migrating.__file__).parent / "migrations", scripts)
    last = migrating._revisions()[-1]
    (scripts / "versions" / "9999_next.py").write_text(NEXT.format(last=last))
    monkeypatch.setattr(migrating, "_MIGRATIONS", scripts)


async def test_an_older_database_is_refused_until_it_is_migrated(
    database: Database, request: pytest.FixtureRequest
) -> None:
    await prepare(database)
    before = await _heads(database)
    request.getfixturevalue("next_release")
    assert await version_state(database) == "older"
    with pytest.raises(ConfigurationError, match="run `coatcheck migrate`"):
        await prepare(database)
    await migrate(database)
    assert await version_state(database) == "current"
    assert await _heads(database) == before


@pytest.fixture
def first_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand the migrations of the first release in for ours; give the folder, so that a test can have ours back."""
    scripts, ours = tmp_path / "first", migrating._MIGRATIONS
    shutil.copytree(ours, scripts)
    for later in sorted((scripts / "versions").glob("[0-9]*.py"))[1:]:
        later.unlink()
    monkeypatch.setattr(migrating, "_MIGRATIONS", scripts)
    return ours


async def test_a_database_of_the_first_release_becomes_current_with_all_it_holds(
    database: Database, first_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(database)
    async with database.writing() as tx:
        await tx.execute(insert(accounts).values(id="acc_1", status="active", epoch=7, created_at=1))
        await tx.execute(insert(roles).values(name="editor", created_at=1))
        await tx.execute(insert(role_permissions).values(role="editor", permission="notes:write"))
        # As the first release wrote it: its table had three columns.
        await tx.execute(text("INSERT INTO role_assignments (account, role, granted_at) VALUES ('acc_1', 'editor', 1)"))
    before = await _heads(database)
    monkeypatch.setattr(migrating, "_MIGRATIONS", first_release)
    assert await version_state(database) == "older"
    with pytest.raises(ConfigurationError, match="run `coatcheck migrate`"):
        await prepare(database)
    await migrate(database)
    assert await version_state(database) == "current"
    assert await _heads(database) == before

    async with database.reading() as db:
        assert [tuple(row) for row in await db.execute(select(accounts.c.id, accounts.c.epoch))] == [("acc_1", 7)]
        assert await access.roles_of(db, "acc_1", 2) == ["editor"], "what was held is held, for good"
        assert await db.run_sync(_differences) == []


async def test_a_migration_that_fails_leaves_nothing_behind(
    database: Database, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.getfixturevalue("next_release")
    broken = tmp_path / "migrations" / "versions" / "9999_next.py"
    broken.write_text(broken.read_text() + '    op.execute("CREATE TABLE next (a int)")\n')
    with pytest.raises(Exception, match="already exists"):
        await migrate(database)
    assert await version_state(database) == "empty"
    async with database.reading() as db:
        assert await db.run_sync(lambda connection: inspect(connection).get_table_names()) == []


async def test_tables_of_an_app_are_left_alone(database: Database) -> None:
    async with database.writing() as tx:
        await tx.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        await tx.execute(text("INSERT INTO alembic_version VALUES ('of the app')"))
        await tx.execute(text("CREATE TABLE notes (id int)"))
    await prepare(database)
    assert await version_state(database) == "current"
    async with database.reading() as db:
        assert (await db.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == ["of the app"]


async def test_tables_of_an_app_with_our_names_are_refused(database: Database) -> None:
    async with database.writing() as tx:
        await tx.execute(text("CREATE TABLE sessions (id int)"))
    with pytest.raises(ConfigurationError, match="tables named sessions that Coatcheck did not make"):
        await prepare(database)
