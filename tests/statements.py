"""The statements that run meanwhile, whichever way they reach the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.engine import Engine

from coatcheck.storage import sqlite_driver


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather the text of every statement that runs meanwhile, in order.

    They are noted where SQLAlchemy hands one to a driver, and where prepared ones reach SQLite; nothing is replaced.
    """
    seen: list[str] = []
    execute = sqlite_driver._execute

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    def note_prepared(statement: str, parameters: Any, cursor: sqlite3.Cursor) -> object:
        seen.append(statement)
        return execute(statement, parameters, cursor)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with patch.object(sqlite_driver, "_execute", note_prepared):
            yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def verbs(seen: list[str]) -> list[str]:
    """Give the first word of each statement."""
    return [statement.split()[0] for statement in seen]
