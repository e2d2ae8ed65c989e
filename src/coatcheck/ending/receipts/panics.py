"""Fill receipts, beside the requests: this process says what it closed, and one of all looks who else has heard."""

import asyncio
from typing import Final

import structlog

from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.ending.panic import see_cut
from coatcheck.ending.receipts import records
from coatcheck.ending.receipts.receipt import PREFIX, WORKER, Receipt
from coatcheck.errors import DatabaseAway
from coatcheck.revocation.event import Event
from coatcheck.revocation.reader import LogReader
from coatcheck.sessions.connections import Connection, Connections
from coatcheck.storage.database import Writing
from coatcheck.storage.workers import live_workers
from coatcheck.upstream.give_back import GiveBack
from coatcheck.visit import Visit

_LONGEST_PAUSE_S: Final = 60.0
_SHORTEST_PAUSE_S: Final = 0.05
_log = structlog.get_logger("coatcheck.panic")


class Panics:
    """Hear of panics by the log, and see to it that their receipts are filled; one a process.

    Nothing is ended here: that was done by the panic's transaction. A process that misses it, or dies over it, is
    followed by the next that looks.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._connections = desk.keep(Connections)
        self._woken = asyncio.Event()
        self._reports: dict[str, asyncio.Task[None]] = {}
        self._may_have_missed = True
        desk.keep(LogReader).subscribe(self.hear, self.look_again)
        desk.keep(GiveBack).tell(self.note_given_back)

    def hear(self, event: Event) -> None:
        """Begin to say what this process closes, as soon as it hears of a panic."""
        if event.owner.startswith(PREFIX):
            self._report_soon(event.owner, event.account)
            self._desk.keep(GiveBack).wake()
            self._woken.set()

    def look_again(self) -> None:
        """Look for panics that were not heard of: rows of the log were missed."""
        self._may_have_missed = True
        self._woken.set()

    async def run(self) -> None:
        """Fill receipts for ever."""
        while True:
            self._woken.clear()
            try:
                pause = await self.turn()
            except DatabaseAway as away:
                _log.warning("panic.receipts_not_filled", because=away.because)
                pause = 1.0
            try:
                await asyncio.wait_for(self._woken.wait(), timeout=pause)
            except TimeoutError:
                continue

    async def turn(self) -> float:
        """Look at every receipt that is due, if no other worker does; give the seconds until the next is.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        if self._may_have_missed:
            await self._catch_up()
        async with self._desk.database.reading() as db:
            due_at = await records.next_due(db)
        now = self._desk.now()
        if due_at is None or due_at > now:
            wait_ms = _LONGEST_PAUSE_S * 1000 if due_at is None else due_at - now
            return min(max(wait_ms / 1000, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
        async with self._desk.database.writing() as tx:
            claimed = await records.claim_due(tx, now)
        for panic in claimed:
            await self._look_at(panic)
        return _SHORTEST_PAUSE_S

    async def reported(self) -> None:
        """Wait until all is said of what this process has heard so far."""
        await asyncio.gather(*self._reports.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop what waits for connections to close."""
        for report in self._reports.values():
            report.cancel()
        await self.reported()

    async def note_given_back(self, tx: Writing, giveback: str, is_taken: bool) -> None:
        """Fill the line of what a provider took back, or takes nothing back."""
        outcome = "done" if is_taken else "no_call"
        await records.fill_giveback(tx, giveback, outcome=outcome, at=self._desk.now())

    async def _catch_up(self) -> None:
        self._may_have_missed = False
        async with self._desk.database.reading() as db:
            for panic, account in await records.waiting_for(db, self._desk.worker):
                self._report_soon(panic, account)

    async def _look_at(self, panic: str) -> None:
        """Fill what is known by now, and keep that nothing is waited for any more once that is so."""
        async with self._desk.database.writing() as tx:
            now = self._desk.now()
            await see_cut(tx, self._desk, panic)
            await records.fill_verifiers(tx, panic)
            await records.fill_gone(tx, panic, await live_workers(tx, now), now)
            receipt = await records.find(tx, panic)
            if receipt is not None and await records.settle(tx, receipt, now):
                await _record_settled(tx, self._desk, receipt, now)

    def _report_soon(self, panic: str, account: str) -> None:
        if panic not in self._reports:
            report = asyncio.ensure_future(self._report(panic, account, self._connections.of(account)))
            self._reports[panic] = report
            report.add_done_callback(lambda _: self._reports.pop(panic, None))

    async def _report(self, panic: str, account: str, is_open: tuple[Connection, ...]) -> None:
        """Say how many connections this process closed, once they are: then it has forgotten the account's sessions."""
        heard_at = self._desk.now()
        for connection in is_open:
            await connection.wait()
        try:
            await self._say(panic, account, is_open, heard_at)
        except DatabaseAway as away:
            _log.warning("panic.not_reported", because=away.because)
            self.look_again()

    async def _say(self, panic: str, account: str, were_open: tuple[Connection, ...], heard_at: Instant) -> None:
        worker = self._desk.worker
        async with self._desk.database.writing() as tx:
            called_at = await records.lock(tx, panic)
            if called_at is None:
                return
            # One that looked by itself before this process heard of the panic is closed by it all the same.
            closed = {*were_open, *self._connections.cut_since(account, called_at)}
            at = max([heard_at, *(each.closed_at or heard_at for each in closed)])
            await records.add_line(tx, panic, WORKER, name=worker, count=None, bound_ms=None)
            await records.fill(tx, panic, WORKER, worker, outcome="done", at=at, count=len(closed))


async def _record_settled(tx: Writing, desk: Desk, receipt: Receipt, now: Instant) -> None:
    states = [line.state(now) for line in receipt.lines]
    counts: dict[str, Detail] = {state: states.count(state) for state in ("done", "not_confirmed")}
    details: dict[str, Detail] = {"receipt": receipt.id, **counts}
    account, actor = receipt.account, "coatcheck"
    await record(tx, desk, Visit(), "account.panic_settled", account=account, actor=actor, details=details)
