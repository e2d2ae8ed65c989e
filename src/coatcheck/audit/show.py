"""Show events, newest first: to a person their own, to administrators any."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from coatcheck.audit import records
from coatcheck.audit.events import says
from coatcheck.audit.row import Personal, Row
from coatcheck.clock import Instant
from coatcheck.desk import Desk

_MOST = 500


class Entry(Struct, frozen=True, kw_only=True):
    """Carry one event for a reader; `address`, `user_agent` and `email` are None once they expired or were erased."""

    id: int
    at: Instant
    event: str
    says: str
    outcome: str
    account: str | None
    actor: str | None
    session: str | None
    request_id: str
    address: str | None
    user_agent: str | None
    email: str | None
    details: dict[str, Any]


async def show(
    desk: Desk,
    *,
    account: str | None = None,
    event: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Give events, newest first.

    Args:
        desk: whose trail.
        account: only those about this account.
        event: only those of this name.
        before_id: only those below this id: the last one of the page before.
        limit: at most so many, 1 to 500.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.reading() as db:
        found = await records.newest_rows(db, account, event, before_id, max(1, min(limit, _MOST)))
    return [_entry(row, personal) for row, personal in found]


def details_in_words(details: Mapping[str, Any]) -> dict[str, str]:
    """Write an event's details for people; programs get them as they are."""
    return {name.replace("_", " "): _word(value) for name, value in details.items()}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)


def _entry(row: Row, personal: Personal | None) -> Entry:
    return Entry(
        id=row.id,
        at=row.at,
        event=row.event,
        says=says(row.event),
        outcome=row.outcome,
        account=row.account,
        actor=row.actor,
        session=row.session,
        request_id=row.request_id,
        address=personal.address if personal else None,
        user_agent=personal.user_agent if personal else None,
        email=personal.email if personal else None,
        details=_details(row.details),
    )


def _details(text: str) -> dict[str, Any]:
    """Read details; text that somebody damaged is shown as it is, `verify` tells of it."""
    try:
        details = json.loads(text)
    except ValueError:
        details = None
    return details if isinstance(details, dict) else {"damaged": text}
