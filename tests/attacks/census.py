"""What a site holds and does: rows by table, and statements run, so that a test can say that nothing changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from coatcheck.storage.tables import metadata
from tests.site import Site


async def row_counts(site: Site) -> dict[str, int]:
    """Count the rows of every table."""
    async with site.desk.database.reading() as db:
        return {
            table.name: int((await db.execute(select(func.count()).select_from(table))).scalar_one())
            for table in metadata.sorted_tables
        }


async def what_is_kept(site: Site, *names: str) -> dict[str, list[tuple[object, ...]]]:
    """Give every row of some tables."""
    async with site.desk.database.reading() as db:
        return {name: [tuple(row) for row in await db.execute(select(metadata.tables[name]))] for name in sorted(names)}


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """Gather the text of every statement that runs meanwhile, in order."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    engines = {id(engine.sync_engine): engine.sync_engine for engine in _engines(site)}
    for engine in engines.values():
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines.values():
            event.remove(engine, "before_cursor_execute", note)


def _engines(site: Site) -> list[AsyncEngine]:
    engines = site.desk.database._engines  # the seam at which the drivers are reached; nothing is replaced
    return [engines.reads, engines.snapshots, engines.writes]
