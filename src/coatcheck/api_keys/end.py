"""End API keys: the row goes, the bit is set, every process is told."""

from coatcheck.api_keys import records
from coatcheck.desk import Desk
from coatcheck.revocation import indices
from coatcheck.storage.database import Writing


async def end(tx: Writing, desk: Desk, *, owner: str, key: str) -> bool:
    """End one key of an owner; tell whether it was there.

    The caller holds the owner's row, as does whoever moves its keys: else a key could move to a new index while it
    ends, and what a gateway made of it would outlive it.
    """
    if not await records.remove(tx, owner, key):
        return False
    await indices.end(tx, desk, owner=key, account=owner)
    return True


async def end_all(tx: Writing, desk: Desk, *, owner: str) -> int:
    """End every key of an account or a service; tell how many. The caller holds the owner's row."""
    ended = await records.remove_all(tx, owner)
    for key in ended:
        await indices.end(tx, desk, owner=key, account=owner)
    return len(ended)
