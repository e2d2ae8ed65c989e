"""A Coatcheck on SQLite in a folder that is gone afterwards, and many sessions in it."""

import hashlib
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from coatcheck import Coatcheck
from coatcheck.desk import Desk
from coatcheck.revocation.reader import LogReader
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings

DATABASE = "app.db"
KEY = "master.key"
SETTINGS = "settings.json"
"""Where a server finds how it is set, by section."""

SESSIONS_EACH = 4
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@contextmanager
def new_folder() -> Iterator[Path]:
    """Make a folder with a master key in it."""
    with TemporaryDirectory(prefix="coatcheck-bench-") as name:
        make_key_file(Path(name) / KEY)
        yield Path(name)


def coatcheck_in(folder: Path, **sections: Mapping[str, object]) -> Coatcheck:
    """Make a Coatcheck on the SQLite file of a folder; `sections` are settings by section."""
    overrides: dict[str, Mapping[str, object]] = {
        "database": {"url": f"sqlite:///{folder / DATABASE}"},
        "secret": {"master_key_file": KEY},
        **sections,
    }
    return Coatcheck.from_settings(read_settings(None, {}, overrides), base=folder)


@asynccontextmanager
async def open_desk(folder: Path, **sections: Mapping[str, object]) -> AsyncIterator[Desk]:
    """Open a desk without anything that runs beside it, its caches good for as long as a measurement takes."""
    auth = coatcheck_in(folder, **sections)
    desk = await auth.open()
    reader = desk.keep(LogReader)
    await reader.look()
    reader.fresh_until = float("inf")
    try:
        yield desk
    finally:
        await auth.close()


def add_sessions(folder: Path, count: int, now: int) -> list[str]:
    """Give every account four sessions, `count` in all, straight through the driver.

    Returns:
        The secrets of at most 4,000 of them.
    """
    secrets_made = [secrets.token_urlsafe(24) for _ in range(count)]
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-1000000")
        accounts = ((_account(number), f"p{number}@example.org", now) for number in range(-(-count // SESSIONS_EACH)))
        connection.executemany(
            "INSERT INTO accounts (id, email, status, epoch, created_at) VALUES (?, ?, 'active', 1, ?)", accounts
        )
        connection.executemany(_INSERT, _rows(secrets_made, now))
    connection.close()
    return secrets_made[:4000]


def account_of(number: int) -> str:
    """Give the account that has the session of a number."""
    return _account(number // SESSIONS_EACH)


_INSERT = (
    "INSERT INTO sessions (id, account, secret_hash, presented_as, remember_me, created_at, last_seen, idle_for,"
    " expires_at, ends_at, auth_time, acr, amr, address, user_agent)"
    " VALUES (?, ?, ?, 'cookie', 0, ?, ?, 3600000, ?, ?, ?, 'aal1', 'pwd', '203.0.113.7', ?)"
)


def _rows(secrets_made: list[str], now: int) -> Iterator[tuple[object, ...]]:
    for number, secret in enumerate(secrets_made):
        digest = hashlib.sha256(secret.encode()).digest()
        handle = f"ses_{digest[:16].hex()[:26]}"
        yield handle, account_of(number), digest, now, now, now + 3_600_000, now + 86_400_000, now, AGENT


def _account(number: int) -> str:
    return f"acc_{hashlib.sha256(str(number).encode()).hexdigest()[:26]}"
