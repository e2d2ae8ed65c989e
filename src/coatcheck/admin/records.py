"""The SQL of the link by which the first administrator is made."""

from sqlalchemy import delete, insert, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.admin import set_up_links as links


async def replace_link(tx: Writing, link_hash: bytes, expires_at: Instant) -> None:
    """Keep a new set-up link in place of any other."""
    await tx.execute(delete(links))
    await tx.execute(insert(links).values(link_hash=link_hash, expires_at=expires_at))


async def is_good(db: Reading, link_hash: bytes, now: Instant) -> bool:
    """Tell whether a set-up link may be used."""
    query = select(links.c.link_hash).where(links.c.link_hash == link_hash, links.c.expires_at > now)
    return (await db.execute(query)).first() is not None


async def take(tx: Writing, link_hash: bytes, now: Instant) -> bool:
    """Spend the link: of many at once exactly one gets True."""
    spent = delete(links).where(links.c.link_hash == link_hash, links.c.expires_at > now)
    return bool((await tx.execute(spent)).rowcount)
