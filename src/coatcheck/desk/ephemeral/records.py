"""The SQL of short-lived tickets: one statement a call, so each is atomic; a row past its expiry counts as absent."""

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import InsertInto, Prepared, given
from coatcheck.storage.tables.ephemeral import ephemeral
from coatcheck.storage.tables.metadata import Moment


async def put(
    tx: Writing, kind: str, key: str, value: bytes, *, now: Instant, expires_at: Instant, only_if_absent: bool
) -> bool:
    """Store a value; tell whether it was stored."""
    # A row that is there gives way when it expires no later than this.
    gives_way = now if only_if_absent else _END_OF_TIME
    row = {"kind": kind, "key": key, "value": value, "count": 0, "expires_at": expires_at, "gives_way": gives_way}
    return bool(await tx.run(_PUT, row))


async def get(db: Reading, kind: str, key: str, *, now: Instant) -> bytes | None:
    """Give a value."""
    value: bytes | None = (await db.execute(select(ephemeral.c.value).where(_is_there(kind, key, now)))).scalar()
    return value


async def take(tx: Writing, kind: str, key: str, *, now: Instant) -> bytes | None:
    """Remove a row and give its value; of several at once the database lets one remove it."""
    statement = delete(ephemeral).where(_is_there(kind, key, now)).returning(ephemeral.c.value)
    value: bytes | None = (await tx.execute(statement)).scalar()
    return value


async def count(tx: Writing, kind: str, key: str, *, now: Instant, expires_at: Instant) -> int:
    """Add one and give the sum; a sum past its expiry starts again."""
    row = {"kind": kind, "key": key, "value": b"", "count": 1, "expires_at": expires_at, "now": now}
    return int((await tx.run(_COUNT, row))[0][0])


def _is_there(kind: str, key: str, now: Instant) -> ColumnElement[bool]:
    return and_(ephemeral.c.kind == kind, ephemeral.c.key == key, ephemeral.c.expires_at > now)


def _put(insert: InsertInto) -> Any:
    row = insert(ephemeral).values(given(*_COLUMNS))
    changes = {name: row.excluded[name] for name in ("value", "count", "expires_at")}
    is_over = ephemeral.c.expires_at <= bindparam("gives_way", type_=Moment)
    return row.on_conflict_do_update(index_elements=_KEY, set_=changes, where=is_over).returning(ephemeral.c.kind)


def _count(insert: InsertInto) -> Any:
    row = insert(ephemeral).values(given(*_COLUMNS))
    old = ephemeral.c.expires_at <= bindparam("now", type_=Moment)
    changes = {
        "count": case((old, 1), else_=ephemeral.c.count + 1),
        "expires_at": case((old, row.excluded.expires_at), else_=ephemeral.c.expires_at),
    }
    return row.on_conflict_do_update(index_elements=_KEY, set_=changes).returning(ephemeral.c.count)


_KEY = ("kind", "key")
_COLUMNS = (*_KEY, "value", "count", "expires_at")
_END_OF_TIME = 2**63 - 1
_PUT = Prepared(_put)
_COUNT = Prepared(_count)
