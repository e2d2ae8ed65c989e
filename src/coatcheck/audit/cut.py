"""Cut rows that are past their keeping from the start of the chain, and leave an anchor from which it verifies on."""

from coatcheck.audit import records
from coatcheck.audit.chain import ANCHOR, GENESIS, ChainBroken, ChainKeys, set_place
from coatcheck.audit.head import lock_head
from coatcheck.audit.row import Row
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk

BATCH = 500


async def cut(desk: Desk, *, batch: int = BATCH) -> int:
    """Remove a batch of the oldest sealed rows older than `audit.keep_for`; tell how many went.

    Rows go in the order of the chain and only while their links hold: a changed date must not have us remove evidence.

    Raises:
        ChainBroken: the head, the anchor or a row to be removed is not as the sealer left it.
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.writing() as tx:
        await lock_head(tx, desk.key_ring)
        keys = ChainKeys(desk.key_ring)
        anchor = await records.read_place(tx, ANCHOR) or set_place(desk.key_ring, ANCHOR, 0, GENESIS)
        if not keys.trusts(anchor):
            raise ChainBroken(f"the anchor of the audit chain, number {anchor.number}, was not set by a sealer")
        oldest = [row for row, _ in await records.sealed_rows(tx, anchor.number, batch)]
        doomed = _prefix(oldest, desk.now() - millis(desk.settings.audit.keep_for))
        mac = _check(keys, anchor.number, anchor.mac, doomed)
        if doomed:
            last = anchor.number + len(doomed)
            await records.remove_up_to(tx, last)
            await records.put_place(tx, set_place(desk.key_ring, ANCHOR, last, mac))
        return len(doomed)


def _prefix(oldest: list[Row], before: Instant) -> list[Row]:
    """Give the rows from the start on that are all older than an instant."""
    young = next((place for place, row in enumerate(oldest) if row.at >= before), len(oldest))
    return oldest[:young]


def _check(keys: ChainKeys, number: int, mac: bytes, rows: list[Row]) -> bytes:
    for row in rows:
        number += 1
        if row.number != number or not keys.follows(mac, row):
            raise ChainBroken(f"row {number} of the audit chain is not as it was sealed, and so not removed")
        mac = row.mac or b""
    return mac
