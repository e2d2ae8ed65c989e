"""The SQL of sign-ups that wait."""

from typing import ClassVar

from msgspec.structs import asdict
from sqlalchemy import delete, insert, select

from coatcheck.clock import Instant
from coatcheck.secret import Veiled
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.signup import sign_ups


class Waiting(Veiled, frozen=True, kw_only=True):
    """Hold one attempt to sign up."""

    veils: ClassVar = frozenset({"password_hash", "browser_hash"})

    id: str
    email: str
    username: str | None
    password_hash: str
    browser_hash: bytes | None
    created_at: Instant
    expires_at: Instant


_WAITING = tuple(sign_ups.c[name] for name in Waiting.__struct_fields__)


async def insert_waiting(tx: Writing, waiting: Waiting, link_hash: bytes) -> None:
    """Keep an attempt."""
    await tx.execute(insert(sign_ups).values(**asdict(waiting), link_hash=link_hash))


async def find(db: Reading, link_hash: bytes, now: Instant) -> Waiting | None:
    """Give the attempt that a link confirms, if it has not run out."""
    query = select(*_WAITING).where(sign_ups.c.link_hash == link_hash, sign_ups.c.expires_at > now)
    row = (await db.execute(query)).first()
    return Waiting(**row._mapping) if row else None


async def hold(tx: Writing, email: str) -> None:
    """Hold every attempt for an address until the transaction ends, in one order for all who do so.

    Whoever took its own first and then let the others die would wait for one who does the same from the other end.
    """
    await tx.execute(select(sign_ups.c.id).where(sign_ups.c.email == email).order_by(sign_ups.c.id).with_for_update())


async def take(tx: Writing, link_hash: bytes, now: Instant) -> Waiting | None:
    """Spend a link: of many at once exactly one gets the attempt."""
    spent = delete(sign_ups).where(sign_ups.c.link_hash == link_hash, sign_ups.c.expires_at > now)
    row = (await tx.execute(spent.returning(*_WAITING))).first()
    return Waiting(**row._mapping) if row else None


async def drop_others(tx: Writing, email: str) -> None:
    """Let every other attempt for an address die."""
    await tx.execute(delete(sign_ups).where(sign_ups.c.email == email))
