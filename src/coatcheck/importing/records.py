"""The SQL of imports: which account of another system became which of ours."""

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from coatcheck.importing.arriving import Arriving
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.importing import imported_accounts as imported


def key_of(source: str, external_id: str) -> bytes:
    """Give the digest that an account of another system is found by; no two have the same."""
    raw = source.encode()
    return hashlib.sha256(len(raw).to_bytes(4, "big") + raw + external_id.encode("utf-8", "surrogatepass")).digest()


async def here_of(db: Reading, keys: Sequence[bytes]) -> set[bytes]:
    """Give which of these came over already."""
    return {row[0] for row in await db.execute(select(imported.c.key).where(imported.c.key.in_(keys)))}


async def claim(tx: Writing, source: str, arriving: Iterable[Arriving]) -> set[str]:
    """Keep that accounts come over; give the ids of those that nobody brought before: of two runs at once one does."""
    # In one order for all, so that two runs never wait in a ring.
    keyed = sorted((key_of(source, each.external_id), each.external_id, each.account.id) for each in arriving)
    rows = [{"key": key, "source": source, "external_id": theirs, "account": ours} for key, theirs, ours in keyed]
    unless_there = tx.inserting(imported).on_conflict_do_nothing().returning(imported.c.account)
    return {row[0] for row in await tx.execute(unless_there, rows)} if rows else set()


async def give_back(tx: Writing, accounts: Sequence[str]) -> None:
    """Forget claims of accounts that could not be made, so that a later run may."""
    if accounts:
        await tx.execute(delete(imported).where(imported.c.account.in_(accounts)))


async def list_pairs(db: Reading, source: str, after: str, most: int) -> list[tuple[str, str]]:
    """List the source's ids with ours, in the order of ours, after an id."""
    page = select(imported.c.account, imported.c.external_id)
    page = page.where(imported.c.source == source, imported.c.account > after, imported.c.external_id.is_not(None))
    return [(row[1], row[0]) for row in await db.execute(page.order_by(imported.c.account).limit(most))]
