"""The sealer: chains new events a moment after they are committed, in one worker at a time."""

import asyncio
from datetime import timedelta

import structlog

from coatcheck.audit import records
from coatcheck.audit.chain import HEAD, ChainBroken, Place, link, set_place
from coatcheck.audit.checkpoint import Checkpoint, emit
from coatcheck.audit.cut import BATCH as CUT_BATCH
from coatcheck.audit.cut import cut
from coatcheck.audit.head import lock_head
from coatcheck.audit.tallies import finished_before, write_tallies
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.storage.database import Writing
from coatcheck.storage.leases import hold
from coatcheck.traces import trace_of

BATCH = 500
_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LEASE = "audit.sealer"
_LEASE_FOR = timedelta(seconds=15)
_LEASE_RENEWED_SECONDS = 5.0
_CHECKPOINT_SECONDS = 60.0
_CHECKPOINT_ROWS = 1_000
_CUT_SECONDS = 600.0


class Sealer:
    """Seal new rows by lease, turn finished tallies into rows, cut old ones and tell checkpoints.

    The lease only spares work: two sealers that both think they have it take turns at the head's row, which each locks
    until it commits, so no number is given twice.

    Args:
        desk: whose database is sealed.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._head: Place | None = None
        self._told_number = -1
        self._told_at = float("-inf")
        self._leased_at = float("-inf")
        self._cut_at = float("-inf")
        self._has_lease = False

    async def seal_once(self) -> int:
        """Seal one batch of committed rows; tell how many.

        New is what has no number. Ids do not tell it: they follow the order of asking, and a row may be committed after
        one with a higher id was sealed.

        Raises:
            ChainBroken: the chain's head was tampered with; nothing is sealed, so that `verify` still shows it.
            DatabaseAway: the database cannot be reached.
        """
        async with self._desk.database.reading() as db:
            if not await records.is_work_waiting(db, finished_before(self._desk.now())):
                return 0
        async with self._desk.database.writing() as tx:
            former = await lock_head(tx, self._desk.key_ring)
            await write_tallies(tx, self._desk)
            head = await self._seal_batch(tx, former)
        self._head = head
        return head.number - former.number

    async def run(self) -> None:
        """Seal every `audit.seal_every` while this worker has the lease, until cancelled; then seal what is left."""
        try:
            while True:
                if not await self.turn():
                    await asyncio.sleep(self._desk.settings.audit.seal_every.total_seconds())
        finally:
            await self._finish()

    async def turn(self) -> bool:
        """Do what is due, if this worker has the lease; tell whether more is. Faults are logged, never raised."""
        try:
            await self._keep_lease()
            return self._has_lease and await self._work()
        except DatabaseAway as error:
            _log.warning("audit.sealer_waits", because=error.because)
        except ChainBroken as error:
            _log.error("audit.chain_broken", because=str(error))
        except Exception as error:  # noqa: BLE001 - a sealer that has stopped is worse than one that repeats an error
            _log.error("audit.sealer_failed", trace=trace_of(error))
        return False

    async def tell(self, *, now: bool = False) -> None:
        """Tell a new checkpoint a minute or 1,000 rows after the last one, or `now`."""
        head, elapsed = self._head, self._desk.clock.monotonic() - self._told_at
        if head is None or head.number == self._told_number:
            return
        if now or elapsed >= _CHECKPOINT_SECONDS or head.number - self._told_number >= _CHECKPOINT_ROWS:
            checkpoint = Checkpoint(head.number, head.mac.hex(), self._desk.now())
            if await emit(checkpoint, self._desk.settings.audit.checkpoint_file):
                self._told_number = head.number
            # Also after a failure: a full disk is tried again in a minute, not each second.
            self._told_at = self._desk.clock.monotonic()

    async def _seal_batch(self, tx: Writing, head: Place) -> Place:
        sealed: list[tuple[int, int, bytes]] = []
        number, mac = head.number, head.mac
        for row in await records.unsealed_rows(tx, BATCH):
            number, mac = number + 1, link(self._desk.key_ring, mac, row, number + 1)
            sealed.append((row.id, number, mac))
        if not sealed:
            return head
        await records.give_numbers(tx, sealed)
        head = set_place(self._desk.key_ring, HEAD, number, mac)
        await records.put_place(tx, head)
        return head

    async def _work(self) -> bool:
        sealed = await self.seal_once()
        await self.tell()
        removed = 0
        if self._desk.clock.monotonic() - self._cut_at >= _CUT_SECONDS:
            self._cut_at = self._desk.clock.monotonic()
            removed = await cut(self._desk)
            if removed == CUT_BATCH:
                self._cut_at = float("-inf")
        return sealed == BATCH or removed == CUT_BATCH

    async def _keep_lease(self) -> None:
        if self._desk.clock.monotonic() - self._leased_at >= _LEASE_RENEWED_SECONDS:
            self._has_lease = False
            await self._hold(_LEASE_FOR)

    async def _hold(self, duration: timedelta) -> None:
        async with self._desk.database.writing() as tx:
            self._has_lease = await hold(tx, _LEASE, self._desk.worker, self._desk.now(), millis(duration))
        self._leased_at = self._desk.clock.monotonic()

    async def _finish(self) -> None:
        """Seal what is left, tell the last checkpoint, and let the next worker begin at once."""
        if not self._has_lease:
            return
        try:
            await self.seal_once()
            await self.tell(now=True)
            await self._hold(timedelta(0))
        except (DatabaseAway, ChainBroken) as error:
            _log.warning("audit.sealer_ended_early", because=str(error))
