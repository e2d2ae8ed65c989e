"""The notes and the answers that were given, in one SQLite file: what changes together is one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coatcheck.clock import Clock, SystemClock, rfc3339
from examples.pwa.problem import Problem

WAITS_S = 5.0
"""How long a writer waits for the one before it."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    account TEXT, id TEXT, text TEXT NOT NULL, version INTEGER NOT NULL, changed_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    account TEXT, key TEXT, digest BLOB NOT NULL, status INTEGER NOT NULL, etag TEXT, body TEXT,
    kept_until INTEGER NOT NULL, PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_end ON answers (kept_until);
"""


@dataclass(frozen=True)
class Note:
    """Hold a note as it is now.

    Args:
        version: 1 for a new one, and one more with every change.
        changed_at: milliseconds since 1970 UTC.
    """

    id: str
    text: str
    version: int
    changed_at: int

    @property
    def etag(self) -> str:
        """What `If-Match` names this version by."""
        return f'"{self.version}"'

    def words(self) -> dict[str, Any]:
        """Give it as the API tells it."""
        changed_at = rfc3339(self.changed_at)
        return {"id": self.id, "text": self.text, "version": self.version, "changed_at": changed_at}


class Notebook:
    """Keep everybody's notes in a file."""

    def __init__(self, file: Path, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self._file = file
        with closing(self._open()) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    def notes_of(self, account: str) -> list[Note]:
        """List an account's notes, those changed last first."""
        with closing(self._open()) as db:
            rows = db.execute(
                "SELECT id, text, version, changed_at FROM notes WHERE account = ? ORDER BY changed_at DESC, id",
                (account,),
            )
            return [Note(*row) for row in rows]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction of the one writer there is at a time; it is undone if anything goes wrong.

        Raises:
            Problem: the writers before took too long.
        """
        with closing(self._open()) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as locked:
                raise Problem(503, "busy", "Too much is going on. Try again in a moment.", retry_after=1) from locked
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=WAITS_S, isolation_level=None)
        db.execute("PRAGMA synchronous = FULL")  # what was answered is on the disk
        return db


def find(db: sqlite3.Connection, account: str, note: str) -> Note | None:
    """Give one note of an account."""
    row = db.execute(
        "SELECT id, text, version, changed_at FROM notes WHERE account = ? AND id = ?", (account, note)
    ).fetchone()
    return row and Note(*row)


def keep(db: sqlite3.Connection, account: str, note: Note) -> Note:
    """Write a note down, in the place of the version before it."""
    db.execute(
        "INSERT INTO notes (account, id, text, version, changed_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET text = excluded.text, version = excluded.version, changed_at = excluded.changed_at",
        (account, note.id, note.text, note.version, note.changed_at),
    )
    return note


def remove(db: sqlite3.Connection, account: str, note: str | None = None) -> int:
    """Take away one note of an account, or all of them; give how many."""
    where, values = ("", (account,)) if note is None else (" AND id = ?", (account, note))
    return db.execute(f"DELETE FROM notes WHERE account = ?{where}", values).rowcount  # noqa: S608 (no value is in it)
