"""The SQL of what is put aside: the part of an export that belongs to accounts of another part.

An export in two parts, users here and their hashes there, is read in one pass over each: one part is put aside first,
in a database of SQLite that has no name. SQLite keeps it in memory while it is small, then in a file that is unlinked
before a byte is in it, so that nothing of it stays, whatever happens. What stands there stands in the export as well.
"""

import sqlite3
from collections.abc import Iterable
from itertools import islice
from types import TracebackType
from typing import Final, Self

_BATCH: Final = 1000


class Aside:
    """Keep texts by a key, several to one key, for as long as an import reads."""

    def __init__(self) -> None:
        # One thread reads, but whoever gives up in the middle may close from another.
        self._db = sqlite3.connect("", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE aside (owner TEXT NOT NULL, value TEXT NOT NULL)")
        self._db.execute("CREATE INDEX aside_owner ON aside (owner)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def put(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Keep values, each under the id of its owner."""
        several = iter(pairs)
        while batch := list(islice(several, _BATCH)):
            self._db.executemany("INSERT INTO aside (owner, value) VALUES (?, ?)", batch)

    def of(self, owner: str) -> list[str]:
        """Give what was kept for an owner, in the order in which it was put aside."""
        rows = self._db.execute("SELECT value FROM aside WHERE owner = ? ORDER BY rowid", (owner,))
        return [row[0] for row in rows]
