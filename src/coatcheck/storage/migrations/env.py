"""What `alembic revision --autogenerate` runs: it compares the tables with a throw-away database at the last migration.

Migrations themselves do not come through here: `coatcheck.storage.migrate` runs them on its own connection.
"""

from alembic import context
from sqlalchemy import create_engine

from coatcheck.storage.migrate import VERSION_TABLE, upgrade
from coatcheck.storage.tables import metadata

with create_engine("sqlite://").connect() as connection:
    upgrade(connection)
    context.configure(
        connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
