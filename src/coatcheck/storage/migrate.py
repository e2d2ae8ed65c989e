"""Migrations: bring a database to the tables that this Coatcheck works with, or say why it cannot be used."""

from pathlib import Path
from typing import Literal, TypeAlias

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select

from coatcheck.errors import ConfigurationError
from coatcheck.storage.database import Database, Writing
from coatcheck.storage.tables import metadata

VERSION_TABLE = "coatcheck_version"
"""Not Alembic's usual name, so that an app may keep its own migrations in the same database."""

State: TypeAlias = Literal["empty", "older", "current", "newer"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = int.from_bytes(b"coatchck")


async def prepare(database: Database) -> None:
    """Make the tables of an empty database; refuse one that this Coatcheck does not fit.

    Raises:
        ConfigurationError: the database is older or newer than this Coatcheck; the message names what to run.
        DatabaseAway: the database cannot be reached.
    """
    match await version_state(database):
        case "empty":
            await migrate(database)
        case "older":
            raise ConfigurationError(
                "the database is older than this Coatcheck: make a copy of it, then run `coatcheck migrate`"
            )
        case "newer":
            raise _newer()
        case "current":
            return


async def migrate(database: Database) -> None:
    """Bring the database to this version, in one transaction, while other processes wait their turn.

    Raises:
        ConfigurationError: the database is newer, or holds tables of our names that are not ours.
        DatabaseAway: the database cannot be reached.
    """
    async with database.writing() as tx:
        await _lock(tx)
        await tx.run_sync(upgrade)


async def version_state(database: Database) -> State:
    """Tell how the database stands to this Coatcheck.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    async with database.reading() as db:
        return await db.run_sync(_state)


async def _lock(tx: Writing) -> None:
    # On SQLite the transaction itself is the lock: it began with BEGIN IMMEDIATE.
    if tx.dialect == "postgresql":
        await tx.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def upgrade(connection: Connection) -> None:
    """Run the missing migrations on a connection whose transaction the caller commits.

    Raises:
        ConfigurationError: the database is newer, or holds tables of our names that are not ours.
    """
    state = _state(connection)
    if state == "newer":
        raise _newer()
    if state == "empty":
        _check_names_are_free(connection)
    scripts = _scripts()
    context = MigrationContext.configure(
        connection,
        opts={"version_table": VERSION_TABLE, "fn": lambda at, _context: scripts._upgrade_revs("head", at)},
    )
    # Each migration is handed `op`: Alembic's global one would be shared by every database of this process.
    context.run_migrations(op=Operations(context))


def _state(connection: Connection) -> State:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    at, scripts = context.get_current_revision(), _scripts()
    if at is None:
        return "empty"
    if at == scripts.get_current_head():
        return "current"
    return "older" if any(script.revision == at for script in scripts.walk_revisions()) else "newer"


def _check_names_are_free(connection: Connection) -> None:
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise ConfigurationError(
            f"database.url: the database holds tables named {', '.join(taken)} that Coatcheck did not make: "
            "give Coatcheck a database of its own"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(_MIGRATIONS)


def _newer() -> ConfigurationError:
    return ConfigurationError(
        "the database was made by a newer Coatcheck: install that one with `pip install --upgrade 'coatcheck[server]'`"
    )
