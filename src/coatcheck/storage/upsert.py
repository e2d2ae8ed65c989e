"""INSERT … ON CONFLICT for both databases: SQLAlchemy spells it per dialect, and keeps no compiled form of it."""

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import Table, TextClause, bindparam, make_url, text

InsertInto: TypeAlias = Callable[[Table], Any]


class Upsert:
    """Hold an upsert that is compiled on its first use: compiling one takes longer than running it.

    Args:
        make: puts it together, given the dialect's own `insert`; what differs from call to call is a `bindparam`.

    Example:
        _STORE = Upsert(
            lambda insert: insert(notes).values(id=bindparam("id"), text=bindparam("text")).on_conflict_do_nothing()
        )
        await tx.execute(_STORE[tx.dialect], {"id": 1, "text": "one"})
    """

    def __init__(self, make: Callable[[InsertInto], Any]) -> None:
        self._make = make
        self._compiled: dict[str, TextClause] = {}

    def __getitem__(self, dialect: str) -> TextClause:
        if dialect not in self._compiled:
            # By name: the dialect that is not in use is not loaded.
            insert = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert
            self._compiled[dialect] = _as_text(self._make(insert), dialect)
        return self._compiled[dialect]


def given(*names: str) -> dict[str, Any]:
    """Give the values of an upsert that each call gives under their columns' names."""
    return {name: bindparam(name) for name in names}


def unless_there(table: Table, *columns: str) -> Upsert:
    """Insert a row, or do nothing where its key is there already."""
    return Upsert(lambda insert: insert(table).values(given(*columns)).on_conflict_do_nothing())


def replacing(table: Table, *columns: str, key: str) -> Upsert:
    """Insert a row, or set these columns of the one that has its key."""

    def make(insert: InsertInto) -> Any:
        row = insert(table).values(given(key, *columns))
        return row.on_conflict_do_update(index_elements=[key], set_={name: row.excluded[name] for name in columns})

    return Upsert(make)


def _as_text(statement: Any, dialect: str) -> TextClause:
    make_dialect: Any = make_url(f"{dialect}://").get_dialect()
    compiled = statement.compile(dialect=make_dialect(paramstyle="named"))
    binds = [
        bindparam(name, type_=bind.type) if bind.required else bindparam(name, bind.value, bind.type)
        for bind, name in compiled.bind_names.items()
    ]
    return text(str(compiled)).bindparams(*binds)
