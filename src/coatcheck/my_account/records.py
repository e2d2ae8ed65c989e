"""The SQL of changes of address that wait."""

from sqlalchemy import delete, insert, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.my_account import email_changes as changes

_CHANGE = (changes.c.account, changes.c.epoch, changes.c.new_email)


async def insert_change(
    tx: Writing, link_hash: bytes, account: str, epoch: int, new_email: str, expires_at: Instant
) -> None:
    """Keep a change that waits for the new address's link."""
    row = {"account": account, "epoch": epoch, "new_email": new_email, "expires_at": expires_at}
    await tx.execute(insert(changes).values(link_hash=link_hash, **row))


async def find(db: Reading, link_hash: bytes, now: Instant) -> tuple[str, int, str] | None:
    """Give the change that a link confirms: the account, the epoch it was asked under, the new address."""
    query = select(*_CHANGE).where(changes.c.link_hash == link_hash, changes.c.expires_at > now)
    row = (await db.execute(query)).first()
    return (row[0], row[1], row[2]) if row else None


async def take(tx: Writing, link_hash: bytes, now: Instant) -> tuple[str, int, str] | None:
    """Spend a link: of many at once exactly one gets the change."""
    spent = delete(changes).where(changes.c.link_hash == link_hash, changes.c.expires_at > now)
    row = (await tx.execute(spent.returning(*_CHANGE))).first()
    return (row[0], row[1], row[2]) if row else None


async def drop_all(tx: Writing, account: str) -> None:
    """Let every change that waits for an account die."""
    await tx.execute(delete(changes).where(changes.c.account == account))
