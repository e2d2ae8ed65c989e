"""`coatcheck migrate`: bring the database to the tables of this release, and tell readers of a restored backup."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from coatcheck.cli.opening import CONFIG, ConfigOption, at_desk
from coatcheck.cli.showing import say
from coatcheck.desk import Desk
from coatcheck.revocation.log import start_new_era
from coatcheck.settings.read import read_settings
from coatcheck.storage import migrate as storage
from coatcheck.storage.database import Database
from coatcheck.visit import Visit

_DONE = {
    "empty": "The database was empty: its tables are made.",
    "older": "The database was older: it is up to date now.",
    "current": "The database is up to date; nothing was changed.",
}


def migrate(
    restored: Annotated[
        bool, typer.Option("--restored", help="A backup was put back: have every reader of revocations start over.")
    ] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Bring the database up to date. Make a copy of it first."""
    say(_DONE[asyncio.run(_migrate(config))])
    if restored:
        at_desk(config, _start_new_era)
        say("A new era of the revocation log has begun: workers and verifiers read it from the start.")


async def _migrate(config: Path) -> storage.State:
    database = Database(read_settings(config).database.url)
    try:
        before = await storage.version_state(database)
        await storage.migrate(database)
    finally:
        await database.close()
    return before


async def _start_new_era(desk: Desk, visit: Visit) -> str:
    return await start_new_era(desk)
