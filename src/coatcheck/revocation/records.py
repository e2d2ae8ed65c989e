"""The SQL of the revocation log, the status lists and their indices."""

from sqlalchemy import Integer, bindparam, case, func, insert, select, update

from coatcheck.clock import Instant
from coatcheck.revocation.event import Event, Position
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.hints import hint
from coatcheck.storage.prepared import adding, prepared, replacing
from coatcheck.storage.tables.metadata import Moment
from coatcheck.storage.tables.revocation import (
    feed_readers,
    revocation_head,
    revocation_log,
    status_indices,
    status_list_count,
    status_lists,
)

NEWS = "coatcheck_revocation"
"""Names the channel of the hint that there is a new row."""

_DAY_MS = 86_400_000
_INSERT_INDEX = adding(status_indices, "list", "index", "owner", "account", "live_until")
_open_list = select(func.max(status_lists.c.id)).where(status_lists.c.used < status_lists.c.size).scalar_subquery()
_later = bindparam("later", type_=Moment)
_PUT_READER = replacing(feed_readers, "era", "number", "read_at", "forget_at", key="service")
_staleness = bindparam("staleness", type_=Moment)
_PUT_STALENESS = prepared(
    update(feed_readers).where(feed_readers.c.service == bindparam("its_id")).values(staleness_ms=_staleness)
)
_IS_ENDED = prepared(
    select(status_indices.c.ended_at).where(
        status_indices.c.list == bindparam("its_list"), status_indices.c.index == bindparam("its_index")
    )
)
_TAKE_SLOT = prepared(
    update(status_lists)
    .where(status_lists.c.id == _open_list, status_lists.c.used < status_lists.c.size)
    .values(
        used=status_lists.c.used + 1,
        live_until=case((status_lists.c.live_until < _later, _later), else_=status_lists.c.live_until),
    )
    .returning(status_lists.c.id, status_lists.c.used, status_lists.c.size, status_lists.c.scatter)
)
_EVENT = (
    revocation_log.c.kind,
    revocation_log.c.account,
    revocation_log.c.owner,
    revocation_log.c.list,
    revocation_log.c.index,
)
_AFTER = prepared(
    select(revocation_head.c.era, revocation_head.c.number.label("head"), revocation_log.c.number, *_EVENT)
    .select_from(revocation_head.outerjoin(revocation_log, revocation_log.c.number > bindparam("known")))
    .order_by(revocation_log.c.number)
    .limit(bindparam("limit", type_=Integer))
)


async def append(tx: Writing, events: list[Event], now: Instant) -> None:
    """Append events under numbers that follow commit order.

    The head row stays locked from here to the commit, so the next writer takes its number only when this one's rows can
    be seen. A sequence would number in the order of asking, and a reader that has passed 6 would never see 5.
    """
    take = update(revocation_head).values(number=revocation_head.c.number + len(events))
    last = int((await tx.execute(take.returning(revocation_head.c.number))).scalar_one())
    first = last - len(events) + 1
    rows = [
        {
            "number": first + offset,
            "kind": event.kind,
            "account": event.account,
            "owner": event.owner,
            "list": event.list,
            "index": event.index,
            "forget_at": now + _DAY_MS,
        }
        for offset, event in enumerate(events)
    ]
    await tx.execute(insert(revocation_log), rows)
    await hint(tx, NEWS)


async def head(db: Reading) -> Position:
    """Give the log's era and its last number."""
    row = (await db.execute(select(revocation_head.c.era, revocation_head.c.number))).one()
    return Position(*row)


async def after(db: Reading, number: int, limit: int) -> tuple[Position, list[tuple[int, Event]]]:
    """Give the head and the rows after a number, in one statement and so in one state of the log."""
    rows = await db.run(_AFTER, {"known": number, "limit": limit})
    events = [(row[2], Event(*row[3:])) for row in rows if row[2] is not None]
    return Position(rows[0][0], rows[0][1]), events


async def set_era(tx: Writing, era: str) -> None:
    """Start a new era, so that every reader starts over."""
    await tx.execute(update(revocation_head).values(era=era))


async def take_slot(tx: Writing, live_until: Instant) -> tuple[int, int, int, bytes] | None:
    """Take a slot of the open list: its id, the slot, the list's size, what scatters it; None when all are full."""
    rows = await tx.run(_TAKE_SLOT, {"later": live_until})
    return (rows[0][0], rows[0][1] - 1, rows[0][2], rows[0][3]) if rows else None


async def next_list(tx: Writing) -> int:
    """Give the number of a new list; it is never given again, and nobody else opens one until the commit."""
    counted = update(status_list_count).values(lists=status_list_count.c.lists + 1)
    return int((await tx.execute(counted.returning(status_list_count.c.lists))).scalar_one())


async def open_list(tx: Writing, list_id: int, size: int, scatter: bytes, live_until: Instant) -> None:
    """Open a new list."""
    row = {"id": list_id, "used": 0, "size": size, "scatter": scatter, "live_until": live_until}
    await tx.execute(insert(status_lists).values(**row))


def insert_index(tx: Writing, list_id: int, index: int, owner: str, account: str, live_until: Instant) -> None:
    """Keep whose an index is."""
    row = {"list": list_id, "index": index, "owner": owner, "account": account, "live_until": live_until}
    tx.add(_INSERT_INDEX, row)


async def end_indices(tx: Writing, owner: str, now: Instant) -> list[tuple[int, int]]:
    """Set the bits of an owner's live indices; give them."""
    ended = (
        update(status_indices)
        .where(status_indices.c.owner == owner, status_indices.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(status_indices.c.list, status_indices.c.index)
    )
    return [(row[0], row[1]) for row in await tx.execute(ended)]


async def end_index(tx: Writing, list_id: int, index: int, account: str, now: Instant) -> tuple[str, Instant] | None:
    """Set one bit of an account; give whose it was and until when it lived, or None if it is set, or another's."""
    ended = (
        update(status_indices)
        .where(
            status_indices.c.list == list_id,
            status_indices.c.index == index,
            status_indices.c.account == account,
            status_indices.c.ended_at.is_(None),
        )
        .values(ended_at=now)
        .returning(status_indices.c.owner, status_indices.c.live_until)
    )
    row = (await tx.execute(ended)).first()
    return (row[0], row[1]) if row else None


async def is_ended(db: Reading, list_id: int, index: int) -> bool:
    """Tell whether the bit of an index is set; of one that nobody holds any more too, as nothing of it is alive."""
    rows = await db.run(_IS_ENDED, {"its_list": list_id, "its_index": index})
    return not rows or rows[0][0] is not None


async def size_of(db: Reading, list_id: int) -> int | None:
    """Give how many indices a list has; None when there is no such list."""
    size: int | None = (await db.execute(select(status_lists.c.size).where(status_lists.c.id == list_id))).scalar()
    return size


async def ended_after(db: Reading, list_id: int, index: int, limit: int) -> list[int]:
    """List the ended indices of a list above one, lowest first."""
    query = (
        select(status_indices.c.index)
        .where(status_indices.c.list == list_id, status_indices.c.ended_at.is_not(None), status_indices.c.index > index)
        .order_by(status_indices.c.index)
        .limit(limit)
    )
    return [row[0] for row in await db.execute(query)]


async def live_lists(db: Reading, now: Instant) -> list[int]:
    """List the lists that a living credential may name."""
    query = select(status_lists.c.id).where(status_lists.c.live_until > now).order_by(status_lists.c.id)
    return [row[0] for row in await db.execute(query)]


def put_reader(tx: Writing, service: str, position: Position, now: Instant, *, forget_at: Instant) -> None:
    """Keep up to where a service has read; of several of its processes the last one to say so counts."""
    row = {"era": position.era, "number": position.number, "read_at": now, "forget_at": forget_at}
    tx.add(_PUT_READER, {"service": service, **row})


def put_staleness(tx: Writing, service: str, staleness_ms: int) -> None:
    """Keep how old the news may be that a service judges by, as one of its processes said last."""
    tx.add(_PUT_STALENESS, {"its_id": service, "staleness": staleness_ms})


async def readers(db: Reading) -> list[tuple[str, Position, Instant]]:
    """List the services that follow the feed, where each stands and when it said so."""
    rows = await db.execute(select(feed_readers).order_by(feed_readers.c.service))
    return [(row.service, Position(row.era, row.number), row.read_at) for row in rows]


async def live_owners(tx: Writing, account: str, now: Instant) -> list[tuple[str, Instant]]:
    """List the owners of an account's live indices and until when they live."""
    query = select(status_indices.c.owner, status_indices.c.live_until).where(
        status_indices.c.account == account, status_indices.c.ended_at.is_(None), status_indices.c.live_until > now
    )
    return [(row[0], row[1]) for row in await tx.execute(query)]
