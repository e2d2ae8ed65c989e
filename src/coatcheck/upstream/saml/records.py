"""The SQL of assertions that were used."""

from coatcheck.clock import Instant
from coatcheck.storage.database import Writing
from coatcheck.storage.prepared import unless_there
from coatcheck.storage.tables.upstream import seen_assertions

_USE = unless_there(seen_assertions, "digest", "expires_at")


async def use_assertion(tx: Writing, digest: bytes, expires_at: Instant) -> bool:
    """Mark an assertion as used: of many that try at once exactly one gets True."""
    return bool(await tx.run(_USE, {"digest": digest, "expires_at": expires_at}))
