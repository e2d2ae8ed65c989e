"""The SQL of short-lived tickets: one statement a call, so each is atomic; a row past its expiry counts as absent."""

from sqlalchemy import ColumnElement, and_, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.ephemeral import ephemeral


async def put(
    tx: Writing, kind: str, key: str, value: bytes, *, now: Instant, expires_at: Instant, only_if_absent: bool
) -> bool:
    """Store a value; tell whether it was stored."""
    row = {"value": value, "count": 0, "expires_at": expires_at}
    statement = _insert(tx)(ephemeral).values(kind=kind, key=key, **row)
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "key"], set_=row, where=ephemeral.c.expires_at <= now if only_if_absent else None
    )
    return (await tx.execute(statement.returning(ephemeral.c.kind))).first() is not None


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
    old = ephemeral.c.expires_at <= now
    statement = _insert(tx)(ephemeral).values(kind=kind, key=key, value=b"", count=1, expires_at=expires_at)
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "count": case((old, 1), else_=ephemeral.c.count + 1),
            "expires_at": case((old, expires_at), else_=ephemeral.c.expires_at),
        },
    )
    return int((await tx.execute(statement.returning(ephemeral.c.count))).scalar_one())


def _is_there(kind: str, key: str, now: Instant) -> ColumnElement[bool]:
    return and_(ephemeral.c.kind == kind, ephemeral.c.key == key, ephemeral.c.expires_at > now)


def _insert(tx: Writing) -> type[postgresql.Insert] | type[sqlite.Insert]:
    return postgresql.Insert if tx.dialect == "postgresql" else sqlite.Insert
