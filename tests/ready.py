"""What a test finds made: a database with its tables, copied from one that was migrated, and cheap hashes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import WeakKeyDictionary

from msgspec.structs import force_setattr, replace

from coatcheck.settings import Settings
from coatcheck.storage.database import Database
from coatcheck.storage.migrate import prepare
from tests.servers.postgres import Postgres

CHEAP = {"argon2_memory_kib": 64, "argon2_time": 1}
"""A five-hundredth of the least that settings may ask for."""

_files: dict[str, bytes] = {}
_databases: "WeakKeyDictionary[Postgres, str]" = WeakKeyDictionary()


def ready_file(path: Path) -> str:
    """Put a SQLite database with its tables at a path; give its address."""
    if not _files:
        with TemporaryDirectory() as folder:
            made = Path(folder, "site.db")
            _migrate(f"sqlite:///{made}")
            _files["sqlite"] = made.read_bytes()
    path.write_bytes(_files["sqlite"])
    return f"sqlite:///{path}"


def ready_database(server: Postgres) -> str:
    """Make a database with its tables on a PostgreSQL server; give its address."""
    if server not in _databases:
        made = server.fresh_database()
        _migrate(made)
        _databases[server] = made
    return server.fresh_database(copy_of=_databases[server])


def hashing_cheaply(settings: Settings) -> Settings:
    """Let passwords be hashed at a cost that no settings take: tests of the cost itself ask for the real one."""
    cheap = copy(settings.passwords)
    for name, value in CHEAP.items():
        force_setattr(cheap, name, value)
    return replace(settings, passwords=cheap)


def _migrate(url: str) -> None:
    """Make the tables in an event loop of its own: whoever asks may be in the middle of another."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _prepare(url)).result()


async def _prepare(url: str) -> None:
    database = Database(url)
    await prepare(database)
    await database.close()
