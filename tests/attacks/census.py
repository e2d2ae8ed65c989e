"""What a site holds: rows by table, so that a test can say that nothing changed."""

from sqlalchemy import func, select

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
