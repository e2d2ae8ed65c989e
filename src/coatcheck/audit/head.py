"""The head of the chain: taken by one sealer at a time, and trusted only with its seal."""

from coatcheck.audit import records
from coatcheck.audit.chain import GENESIS, HEAD, ChainBroken, ChainKeys, Place, set_place
from coatcheck.secret import KeyRing
from coatcheck.storage.database import Writing


async def lock_head(tx: Writing, ring: KeyRing) -> Place:
    """Give the chain's head, locked until the transaction ends; begin the chain where there is none.

    Raises:
        ChainBroken: somebody else than a sealer set the head, or took it away. Going on from there would cover it up.
    """
    head = await records.lock_place(tx, HEAD) or await _begin(tx, ring)
    if not ChainKeys(ring).trusts(head):
        raise ChainBroken(
            f"the head of the audit chain, number {head.number}, was not set by a sealer with this master key"
        )
    return head


async def _begin(tx: Writing, ring: KeyRing) -> Place:
    await records.add_place(tx, set_place(ring, HEAD, 0, GENESIS))
    # Of two sealers that begin at once, the second waits above and finds here how far the first one came. Whether rows
    # are sealed already is asked under the lock: before it, the first one's rows would look like those of a lost head.
    head = await records.lock_place(tx, HEAD)
    if head is None or (head.number == 0 and await records.is_any_sealed(tx)):
        raise ChainBroken("the head of the audit chain is gone, while there are sealed rows")
    return head
