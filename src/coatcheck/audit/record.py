"""Record an event in the transaction of its change, so that neither exists without the other."""

from collections.abc import Mapping

from coatcheck.audit import records
from coatcheck.audit.events import EVENTS, OUTCOMES
from coatcheck.audit.row import Detail, Personal, details_text, personal_of, storable
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


async def record(
    tx: Writing,
    desk: Desk,
    visit: Visit,
    event: str,
    *,
    account: str | None = None,
    actor: str | None = None,
    session: str | None = None,
    outcome: str = "done",
    email: str | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Record one of our events in the transaction of its change; two inserts, no read.

    Args:
        tx: the transaction of the change.
        desk: the time and the settings.
        visit: from where; what names a person in it stands beside the row.
        event: a name of `EVENTS`.
        account: whom it is about.
        actor: who did it, when not the account itself.
        session: in which session, or about which.
        outcome: `done`, `refused` or `failed`.
        email: an address that belongs to it; stands beside the row too.
        details: plain values, never secrets; long strings are cut.

    Raises:
        ValueError: the event or outcome is none of ours, or a detail is not a plain value.
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.2.1, 16.3.
    """
    if event not in EVENTS or outcome not in OUTCOMES:
        raise ValueError(f"no such event or outcome: {event!r:.80}, {outcome!r:.80}")
    who = {"account": account, "actor": actor or account, "session": session}
    await write(tx, desk, personal_of(visit, email), request_id=visit.request_id, event=event, outcome=outcome,
                details=details_text(details), **who)  # fmt: skip


async def record_each(
    tx: Writing, desk: Desk, visit: Visit, event: str, *, actor: str, about: Mapping[str, Mapping[str, Detail]]
) -> None:
    """Record one event about each of many accounts, in the transaction of their change; nothing stands beside the rows.

    Args:
        about: the details, by account.

    Raises:
        ValueError: the event is none of ours, or a detail is not a plain value.
    """
    if event not in EVENTS:
        raise ValueError(f"no such event: {event!r:.80}")
    same = {"at": desk.now(), "event": event, "outcome": "done", "actor": actor, "session": None, "personal": None}
    same["request_id"] = storable(visit.request_id, 64)
    rows = [{**same, "account": account, "details": details_text(details)} for account, details in about.items()]
    if rows:
        await records.add_events(tx, rows)


async def write(tx: Writing, desk: Desk, personal: Personal | None, *, request_id: str, **columns: str | None) -> None:
    """Write an event whose name was judged already, and what names a person beside it."""
    now = desk.now()
    digest = None if personal is None else personal.digest()
    event = await records.add_event(tx, at=now, request_id=storable(request_id, 64), personal=digest, **columns)
    if personal is not None:
        records.add_personal(tx, event, personal, now + millis(desk.settings.audit.keep_personal_for))
