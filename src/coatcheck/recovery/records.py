"""The SQL of recovery links."""

from sqlalchemy import ColumnElement, delete, insert, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.recovery import recovery_links as links


async def insert_link(tx: Writing, link_hash: bytes, account: str | None, epoch: int, expires_at: Instant) -> None:
    """Keep a link; one without an account leads nowhere."""
    await tx.execute(insert(links).values(link_hash=link_hash, account=account, epoch=epoch, expires_at=expires_at))


async def find(db: Reading, link_hash: bytes, now: Instant) -> tuple[str, int] | None:
    """Give the account a link recovers, and the epoch it was made under."""
    query = select(links.c.account, links.c.epoch).where(*_good(link_hash, now))
    row = (await db.execute(query)).first()
    return (row[0], row[1]) if row else None


async def take(tx: Writing, link_hash: bytes, now: Instant) -> tuple[str, int] | None:
    """Spend a link: of many at once exactly one gets the account."""
    spent = delete(links).where(*_good(link_hash, now)).returning(links.c.account, links.c.epoch)
    row = (await tx.execute(spent)).first()
    return (row[0], row[1]) if row else None


async def drop_all(tx: Writing, account: str) -> None:
    """Let every link of an account die."""
    await tx.execute(delete(links).where(links.c.account == account))


def _good(link_hash: bytes, now: Instant) -> tuple[ColumnElement[bool], ...]:
    return (links.c.link_hash == link_hash, links.c.expires_at > now, links.c.account.is_not(None))
