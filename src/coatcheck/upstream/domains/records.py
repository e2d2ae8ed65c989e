"""The SQL of proven domains."""

from sqlalchemy import delete, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import unless_there
from coatcheck.storage.tables.upstream import proven_domains

_ADD = unless_there(proven_domains, "domain", "provider", "proven_at")


async def add(tx: Writing, domain: str, provider: str, now: Instant) -> bool:
    """Keep that a domain is proven for a provider; False where it is proven already, for this one or another."""
    return bool(await tx.run(_ADD, {"domain": domain, "provider": provider, "proven_at": now}))


async def holder(db: Reading, domain: str) -> str | None:
    """Give the provider that a domain is proven for."""
    query = select(proven_domains.c.provider).where(proven_domains.c.domain == domain)
    row = (await db.execute(query)).first()
    return None if row is None else str(row[0])


async def proven(db: Reading) -> dict[str, str]:
    """Give the provider of every proven domain."""
    query = select(proven_domains.c.domain, proven_domains.c.provider).order_by(proven_domains.c.domain)
    return {str(row[0]): str(row[1]) for row in await db.execute(query)}


async def remove(tx: Writing, domain: str) -> str | None:
    """Forget a domain, and give whose it was."""
    gone = delete(proven_domains).where(proven_domains.c.domain == domain).returning(proven_domains.c.provider)
    row = (await tx.execute(gone)).first()
    return None if row is None else str(row[0])
