"""The SQL of other systems: reads their tables page by page, never writing, by whatever driver SQLAlchemy has."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Engine,
    Select,
    TableClause,
    column,
    create_engine,
    event,
    func,
    inspect,
    literal,
    make_url,
    select,
    table,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from coatcheck.errors import ConfigurationError

PAGE: Final = 500
FoundRow: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


class Tables:
    """Read tables of a database. All calls are made in one thread, which a driver of asyncio gets a loop in.

    Args:
        url: as SQLAlchemy spells it; for `postgresql://` the driver that is installed here is used.

    Raises:
        ConfigurationError: it is no URL, or there is no driver for it.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine_of(url)
        self._loop: asyncio.Runner | None = None
        self._columns: dict[str, tuple[str, ...]] = {}

    def has(self, name: str) -> bool:
        """Tell whether there is a table."""
        return bool(self.columns(name))

    def columns(self, name: str) -> tuple[str, ...]:
        """Give the names of a table's columns; none where there is no such table."""
        if name not in self._columns:
            found = self._run(lambda connection: _columns_of(connection, name))
            self._columns[name] = tuple(found)
        return self._columns[name]

    def demand(self, name: str, *needed: str) -> None:
        """Refuse to go on without a table and these columns of it.

        Raises:
            ConfigurationError: one of them is not there; the message names it.
        """
        there = self.columns(name)
        if not there:
            raise self._refused(f"the database to import from has no table {name}")
        if missing := [each for each in needed if each not in there]:
            raise self._refused(f"the table {name} to import from has no column {missing[0]}")

    def count(self, name: str) -> int:
        """Count a table's rows."""
        return int(self.all(select(func.count().label("rows")).select_from(_table(name)))[0]["rows"])

    def pages(self, name: str, wanted: Sequence[str], *, key: str = "id") -> Iterator[list[FoundRow]]:
        """Give a table's rows by pages, in the order of its key; a column that is not there is left out.

        Each page is a statement of its own, so nothing is held open while its accounts are kept.
        """
        here = [each for each in dict.fromkeys((key, *wanted)) if each in self.columns(name)]
        rows, after = _table(name, *here), None
        while True:
            query = select(rows).order_by(rows.c[key]).limit(PAGE)
            found = self.all(query if after is None else query.where(rows.c[key] > _bound(after)))
            if found:
                yield found
            if len(found) < PAGE:
                return
            after = found[-1][key]

    def of(self, name: str, wanted: Sequence[str], *, owner: str, owners: Sequence[Any]) -> dict[Any, list[FoundRow]]:
        """Give the rows that belong to a page of others, by owner; nothing where there is no such table."""
        here = [each for each in dict.fromkeys((owner, *wanted)) if each in self.columns(name)]
        if owner not in here or not owners:
            return {}
        rows = _table(name, *here)
        order = [rows.c[each] for each in ("id", owner) if each in here][:1]
        gathered: dict[Any, list[FoundRow]] = {}
        for found in self.all(
            select(rows).where(rows.c[owner].in_([_bound(each) for each in owners])).order_by(*order)
        ):
            gathered.setdefault(found[owner], []).append(found)
        return gathered

    def all(self, query: Select[Any]) -> list[FoundRow]:
        """Run one statement that reads."""
        found: list[FoundRow] = self._run(lambda opened: [dict(row) for row in opened.execute(query).mappings()])
        return found

    def close(self) -> None:
        """Give back every connection."""
        if isinstance(self._engine, AsyncEngine):
            self._finish(self._engine.dispose())
            if self._loop is not None:
                self._loop.close()
            self._loop = None
        else:
            self._engine.dispose()

    def _run(self, work: Callable[[Connection], Any]) -> Any:
        try:
            if isinstance(self._engine, AsyncEngine):
                return self._finish(_in_async(self._engine, work))
            with self._engine.connect() as connection:
                return work(connection)
        except (SQLAlchemyError, OSError) as problem:
            # The driver's own words may name the password of the address.
            what = type(getattr(problem, "orig", None) or problem).__name__
            raise self._refused(f"the database to import from cannot be read: {what}") from None

    def _refused(self, because: str) -> ConfigurationError:
        self.close()
        return ConfigurationError(because)

    def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.Runner()
        return self._loop.run(work)


async def _in_async(engine: AsyncEngine, work: Callable[[Connection], Any]) -> Any:
    async with engine.connect() as connection:
        return await connection.run_sync(work)


def _columns_of(connection: Connection, name: str) -> list[str]:
    schema, _, plain = name.rpartition(".")
    try:
        return [each["name"] for each in inspect(connection).get_columns(plain, schema=schema or None)]
    except NoSuchTableError:
        return []


def _table(name: str, *columns: str) -> TableClause:
    schema, _, plain = name.rpartition(".")
    return table(plain, *map(column, columns), schema=schema or None)


def _bound(value: Any) -> Any:
    return literal(value, BigInteger) if isinstance(value, int) else literal(value)


def _engine_of(url: str) -> Engine | AsyncEngine:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            engine = create_engine(_read_only_file(parsed), hide_parameters=True)
            event.listen(engine, "connect", _read_any_text)
            return engine
        if backend in ("postgresql", "postgres"):
            reads: dict[str, Any] = {"server_settings": {"default_transaction_read_only": "on"}, "timeout": 10}
            parsed = parsed.set(drivername="postgresql+asyncpg")
            return create_async_engine(parsed, hide_parameters=True, connect_args=reads)
        is_async = parsed.get_dialect().is_async
        made = create_async_engine if is_async else create_engine
        return made(parsed, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise ConfigurationError(
            "the address to import from is no URL of a database, or its driver is not installed: "
            "write sqlite:///app.db or postgresql://user@host/name"
        ) from None


def _read_any_text(connection: Any, _record: object) -> None:
    """Let a text that is no UTF-8 spoil its own row, not the page it is on."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


def _read_only_file(url: URL) -> URL:
    path = Path(url.database or "")
    if not url.database or not path.is_file():
        raise ConfigurationError(f"there is no database file {path} to import from")
    return url.set(drivername="sqlite", database=f"file:{path.resolve()}", query={"mode": "ro", "uri": "true"})
