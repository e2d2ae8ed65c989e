"""Migrations: bring a database to the tables that this Coatcheck works with, or say why it cannot be used."""

import importlib
from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy import Connection, column, func, inspect, select, table

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
    if state != "current":
        # By name: Alembic takes memory and time to import, and a database that is up to date needs none of it.
        importlib.import_module("coatcheck.storage.run_migrations").run_migrations(connection, _MIGRATIONS)


def _state(connection: Connection) -> State:
    if not inspect(connection).has_table(VERSION_TABLE):
        return "empty"
    at: str | None = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    if at is None:
        return "empty"
    revisions = _revisions()
    if at == revisions[-1]:
        return "current"
    return "older" if at in revisions else "newer"


def _revisions() -> list[str]:
    """Give the revisions in order: each is the number that its file's name begins with."""
    return sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _check_names_are_free(connection: Connection) -> None:
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise ConfigurationError(
            f"database.url: the database holds tables named {', '.join(taken)} that Coatcheck did not make: "
            "give Coatcheck a database of its own"
        )


def _newer() -> ConfigurationError:
    return ConfigurationError(
        "the database was made by a newer Coatcheck: install that one with `pip install --upgrade 'coatcheck[server]'`"
    )
