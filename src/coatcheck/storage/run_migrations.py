"""Run Alembic's migrations; `storage.migrate` decides whether there is any to run, and only then loads this."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from coatcheck.storage.migrate import VERSION_TABLE


def run_migrations(connection: Connection, folder: Path) -> None:
    """Run the missing migrations of a folder on a connection whose transaction the caller commits."""
    scripts = ScriptDirectory(folder)
    context = MigrationContext.configure(
        connection,
        opts={"version_table": VERSION_TABLE, "fn": lambda at, _context: scripts._upgrade_revs("head", at)},
    )
    # Each migration is handed `op`: Alembic's global one would be shared by every database of this process.
    context.run_migrations(op=Operations(context))
