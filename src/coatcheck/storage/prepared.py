"""Statements prepared once: what a sign-in runs, and upserts, which each dialect spells its own way.

SQLAlchemy puts a statement together, and its compiler spells it; after that its text is kept and handed to the driver,
as going through SQLAlchemy again takes longer than SQLite takes to run it.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Table, TextClause, bindparam, make_url, text

InsertInto: TypeAlias = Callable[[Table], Any]


class Prepared:
    """Hold a statement that is compiled on its first use.

    Rows come as the driver gives them, so its columns are numbers, texts and bytes: what both databases know.

    Args:
        make: puts it together, given the dialect's own `insert`; what differs from call to call is a `bindparam`.

    Example:
        _STORE = Prepared(
            lambda insert: insert(notes).values(id=bindparam("id"), text=bindparam("text")).on_conflict_do_nothing()
        )
        await tx.run(_STORE, {"id": 1, "text": "one"})
    """

    def __init__(self, make: Callable[[InsertInto], Any]) -> None:
        self._make = make
        self._compiled: dict[str, TextClause] = {}
        self._for_sqlite: tuple[str, dict[str, Any]] | None = None

    def for_sqlite(self, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Give the statement as SQLite's own driver takes it: its words, and each value by name."""
        if self._for_sqlite is None:
            compiled = self["sqlite"]
            constants = {bind.key: bind.value for bind in compiled._bindparams.values() if not bind.required}
            self._for_sqlite = compiled.text, constants
        words, constants = self._for_sqlite
        return words, {**constants, **parameters}

    def __getitem__(self, dialect: str) -> TextClause:
        if dialect not in self._compiled:
            self._compiled[dialect] = _as_text(self._make(insert_of(dialect)), dialect)
        return self._compiled[dialect]


def insert_of(dialect: str) -> InsertInto:
    """Give the dialect's own `insert`, which knows what to do where a row's key is there already."""
    # By name: the dialect that is not in use is not loaded.
    insert: InsertInto = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert


def prepared(statement: Any) -> Prepared:
    """Prepare a statement that is the same for both databases."""
    return Prepared(lambda _: statement)


def adding(table: Table, *columns: str) -> Prepared:
    """Insert a row."""
    return Prepared(lambda insert: insert(table).values(given(*columns)))


def given(*names: str) -> dict[str, Any]:
    """Give the values of a statement that each call gives under their columns' names."""
    return {name: bindparam(name) for name in names}


def unless_there(table: Table, *columns: str) -> Prepared:
    """Insert a row, or do nothing where its key is there already; give its first column when it is new."""
    return Prepared(
        lambda insert: (
            insert(table).values(given(*columns)).on_conflict_do_nothing().returning(*list(table.primary_key)[:1])
        )
    )


def replacing(table: Table, *columns: str, key: str) -> Prepared:
    """Insert a row, or set these columns of the one that has its key."""

    def make(insert: InsertInto) -> Any:
        row = insert(table).values(given(key, *columns))
        return row.on_conflict_do_update(index_elements=[key], set_={name: row.excluded[name] for name in columns})

    return Prepared(make)


def _as_text(statement: Any, dialect: str) -> TextClause:
    make_dialect: Any = make_url(f"{dialect}://").get_dialect()
    compiled = statement.compile(dialect=make_dialect(paramstyle="named"))
    binds = [
        bindparam(name, type_=bind.type) if bind.required else bindparam(name, bind.value, bind.type)
        for bind, name in compiled.bind_names.items()
    ]
    return text(str(compiled)).bindparams(*binds)
