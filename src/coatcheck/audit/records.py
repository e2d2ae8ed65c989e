"""The audit room's SQL."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, tuple_, update

from coatcheck.audit.chain import Place
from coatcheck.audit.row import Personal, Row
from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import InsertInto, Prepared, adding, given, prepared, replacing, unless_there
from coatcheck.storage.tables.audit import audit_chain, audit_events, audit_personal, audit_tallies

_PERSONAL = (audit_personal.c.salt, audit_personal.c.address, audit_personal.c.user_agent, audit_personal.c.email)
_WITH_PERSONAL = select(*audit_events.c, *_PERSONAL).outerjoin_from(audit_events, audit_personal)


async def add_event(tx: Writing, **columns: Any) -> int:
    """Insert one event; give its id."""
    return int((await tx.run(_ADD_EVENT, columns))[0][0])


async def add_events(tx: Writing, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many events, in their order."""
    await tx.execute(insert(audit_events), rows)


def add_personal(tx: Writing, event: int, personal: Personal, expires_at: Instant) -> None:
    """Insert what names a person beside an event."""
    columns = {"salt": personal.salt, "address": personal.address, "user_agent": personal.user_agent}
    row = {"event": event, **columns, "email": personal.email, "expires_at": expires_at}
    tx.add(_ADD_PERSONAL, row)


async def erase_personal(tx: Writing, account: str) -> int:
    """Delete what stands beside an account's events; tell of how many."""
    events = select(audit_events.c.id).where(audit_events.c.account == account)
    return int((await tx.execute(delete(audit_personal).where(audit_personal.c.event.in_(events)))).rowcount)


async def count_refusal(tx: Writing, **columns: Any) -> None:
    """Count one more refusal of a key in a minute; the first one's circumstances stay."""
    await tx.run(_COUNT_REFUSAL, {"count": 1, **columns})


async def take_tallies(tx: Writing, before: Instant, most: int) -> Sequence[Any]:
    """Delete and give tallies of minutes that began before an instant."""
    keys = (audit_tallies.c.key, audit_tallies.c.minute, audit_tallies.c.event)
    over = select(*keys).where(audit_tallies.c.minute < before).order_by(audit_tallies.c.minute).limit(most)
    taken = await tx.execute(delete(audit_tallies).where(tuple_(*keys).in_(over)).returning(*audit_tallies.c))
    return taken.all()


async def is_work_waiting(db: Reading, before: Instant) -> bool:
    """Tell whether there is an unsealed row, or a tally of a minute that began before an instant."""
    unsealed = select(audit_events.c.id).where(audit_events.c.number.is_(None)).exists()
    tallied = select(audit_tallies.c.minute).where(audit_tallies.c.minute < before).exists()
    return bool((await db.execute(select(unsealed | tallied))).scalar_one())


async def lock_place(tx: Writing, name: str) -> Place | None:
    """Give a place, locked until the transaction ends (SQLite has one writer anyway)."""
    return _place((await tx.execute(_place_named(name).with_for_update())).first())


async def read_place(db: Reading, name: str) -> Place | None:
    """Give a place."""
    return _place((await db.execute(_place_named(name))).first())


async def add_place(tx: Writing, place: Place) -> None:
    """Insert a place unless somebody else does at the same time."""
    await tx.run(_ADD_PLACE, _columns(place))


async def put_place(tx: Writing, place: Place) -> None:
    """Set a place."""
    await tx.run(_PUT_PLACE, _columns(place))


async def is_any_sealed(db: Reading) -> bool:
    """Tell whether any row is in the chain."""
    return (await db.execute(select(audit_events.c.id).where(audit_events.c.number > 0).limit(1))).first() is not None


async def unsealed_rows(tx: Writing, most: int) -> list[Row]:
    """Give rows that are committed and not in the chain yet."""
    waiting = select(audit_events).where(audit_events.c.number.is_(None)).order_by(audit_events.c.id).limit(most)
    return [_row(found) for found in await tx.execute(waiting)]


async def count_unsealed(db: Reading) -> int:
    """Count rows that are not in the chain yet."""
    waiting = select(func.count()).select_from(audit_events).where(audit_events.c.number.is_(None))
    return int((await db.execute(waiting)).scalar_one())


async def give_numbers(tx: Writing, sealed: Iterable[tuple[int, int, bytes]]) -> None:
    """Put rows into the chain, each as (id, number, mac)."""
    columns: dict[str, Any] = {"number": bindparam("its_number"), "mac": bindparam("its_mac")}
    statement = update(audit_events).where(audit_events.c.id == bindparam("its_id")).values(columns)
    await tx.execute(statement, [dict(zip(("its_id", "its_number", "its_mac"), row, strict=True)) for row in sealed])


async def sealed_rows(db: Reading, after: int, most: int) -> list[tuple[Row, Personal | None]]:
    """Give sealed rows after a number, in the order of the chain."""
    page = _WITH_PERSONAL.where(audit_events.c.number > after).order_by(audit_events.c.number).limit(most)
    return [(_row(found), _personal(found)) for found in await db.execute(page)]


async def unsealed_after(db: Reading, after_id: int, most: int) -> list[tuple[Row, Personal | None]]:
    """Give unsealed rows after an id, in the order of ids."""
    waiting = _WITH_PERSONAL.where(audit_events.c.number.is_(None), audit_events.c.id > after_id)
    found_rows = await db.execute(waiting.order_by(audit_events.c.id).limit(most))
    return [(_row(found), _personal(found)) for found in found_rows]


async def newest_rows(
    db: Reading, account: str | None, event: str | None, before_id: int | None, most: int
) -> list[tuple[Row, Personal | None]]:
    """Give rows of an account or event (None: any) from the newest on, below an id."""
    page = _WITH_PERSONAL.order_by(audit_events.c.id.desc()).limit(most)
    if account is not None:
        page = page.where(audit_events.c.account == account)
    if event is not None:
        page = page.where(audit_events.c.event == event)
    if before_id is not None:
        page = page.where(audit_events.c.id < before_id)
    return [(_row(found), _personal(found)) for found in await db.execute(page)]


async def remove_up_to(tx: Writing, number: int) -> None:
    """Delete sealed rows up to a number; what stands beside them goes too."""
    await tx.execute(delete(audit_events).where(audit_events.c.number <= number))


def _place_named(name: str) -> Select[Any]:
    return select(*audit_chain.c).where(audit_chain.c.place == name)


def _columns(place: Place) -> dict[str, Any]:
    return {"place": place.name, "number": place.number, "mac": place.mac, "seal": place.seal}


def _place(found: Any) -> Place | None:
    return None if found is None else Place(found.place, found.number, found.mac, found.seal)


def _row(found: Any) -> Row:
    return Row(**{column.name: found._mapping[column] for column in audit_events.c})


def _personal(found: Any) -> Personal | None:
    if found.salt is None:
        return None
    return Personal(salt=found.salt, address=found.address, user_agent=found.user_agent, email=found.email)


def _count_refusal(insert: InsertInto) -> Any:
    row = insert(audit_tallies).values(given(*audit_tallies.c.keys()))
    one_more = {"count": audit_tallies.c.count + 1}
    return row.on_conflict_do_update(index_elements=["key", "minute", "event"], set_=one_more)


_EVENT = ("at", "event", "outcome", "account", "actor", "session", "request_id", "details", "personal")
_ADD_EVENT = prepared(insert(audit_events).values(given(*_EVENT)).returning(audit_events.c.id))
_ADD_PERSONAL = adding(audit_personal, "event", "salt", "address", "user_agent", "email", "expires_at")
_COUNT_REFUSAL = Prepared(_count_refusal)
_ADD_PLACE = unless_there(audit_chain, "place", "number", "mac", "seal")
_PUT_PLACE = replacing(audit_chain, "number", "mac", "seal", key="place")
