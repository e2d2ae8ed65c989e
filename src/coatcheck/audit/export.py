"""Export the audit trail as JSON lines, in the order of the chain."""

import json
from collections.abc import AsyncIterator

from msgspec.structs import asdict

from coatcheck.audit import records
from coatcheck.audit.row import Personal, Row
from coatcheck.desk import Desk

_PAGE = 500


async def export(desk: Desk, *, after: int = 0) -> AsyncIterator[str]:
    """Give each event as one line of JSON: sealed ones in the order of the chain, then those not sealed yet.

    All lines show one state of the database. A later export goes on from the last `number` it was given; a row that was
    not sealed then comes again with its number. Line breaks and control characters in what a browser sent are escaped.

    Args:
        desk: whose trail.
        after: leave out sealed rows up to this number.

    Raises:
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.2.4, 16.4.1.
    """
    async with desk.database.snapshot() as db:
        while page := await records.sealed_rows(db, after, _PAGE):
            for row, personal in page:
                yield _line(row, personal)
            after = page[-1][0].number or after
        last_id = 0
        while page := await records.unsealed_after(db, last_id, _PAGE):
            for row, personal in page:
                yield _line(row, personal)
            last_id = page[-1][0].id


def _line(row: Row, personal: Personal | None) -> str:
    fields = asdict(row)
    fields["details"] = _details(row.details)
    fields["mac"] = row.mac and row.mac.hex()
    fields["personal"] = row.personal and row.personal.hex()
    for name in ("address", "user_agent", "email"):
        fields[name] = getattr(personal, name, None)
    # The salt stays here: a copy from which address and email were taken out must not let anyone test guesses.
    return json.dumps(fields)


def _details(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
