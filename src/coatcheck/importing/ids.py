"""Which account of another system became which of ours: for the tables of the app, which name people by the old ids."""

from typing import Final

from coatcheck.desk import Desk
from coatcheck.importing import records

_PAGE: Final = 5000


async def ids_of(desk: Desk, source: str) -> list[tuple[str, str]]:
    """Give the source's id of each account that came over, with ours; closed ones are left out.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    pairs: list[tuple[str, str]] = []
    while True:
        after = pairs[-1][1] if pairs else ""
        async with desk.database.reading() as db:
            page = await records.list_pairs(db, source, after, _PAGE)
        pairs += page
        if len(page) < _PAGE:
            return pairs
