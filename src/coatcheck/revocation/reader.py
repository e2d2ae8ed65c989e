"""Follow the revocation log: what was committed anywhere is heard here within the bound, or caches count as stale."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.revocation import records
from coatcheck.revocation.event import Event, Position
from coatcheck.storage.database import Reading
from coatcheck.storage.hints import hints

_BATCH = 1000
_log = structlog.get_logger("coatcheck.revocation")


class LogReader:
    """Read the log again and again, and tell whoever caches what it decides.

    One a process. Nothing it tells is needed for correctness beyond its own timeliness: a listener trusts what it keeps
    only while `is_fresh()`.
    """

    def __init__(self, desk: Desk) -> None:
        settings = desk.settings.revocation
        self._desk = desk
        self._bound = settings.bound.total_seconds()
        self._poll = settings.poll.total_seconds()
        self._heard: list[Callable[[Event], None]] = []
        self._forgets: list[Callable[[], None]] = []
        self.position: Position | None = None
        self.fresh_until = float("-inf")
        self._moved_on = asyncio.Event()

    def is_fresh(self) -> bool:
        """Tell whether the log was read within the bound, so that what is held in memory counts."""
        return self._desk.clock.monotonic() <= self.fresh_until

    async def wait_beyond(self, position: Position, seconds: float) -> None:
        """Wait until the log was read beyond a position, or in another era; or as many seconds, if that is sooner."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.position is None or (
                    self.position.era == position.era and self.position.number <= position.number
                ):
                    await self._moved_on.wait()

    def subscribe(self, on_event: Callable[[Event], None], on_reload: Callable[[], None]) -> None:
        """Be told of every event, and of every time when all that is cached must be forgotten."""
        self._heard.append(on_event)
        self._forgets.append(on_reload)

    def listen(self, tell: Callable[[object], None]) -> Callable[[], None]:
        """Be told that there is news, whatever it is; give what stops it."""

        def reloaded() -> None:
            tell(None)

        self.subscribe(tell, reloaded)

        def stop() -> None:
            self._heard.remove(tell)
            self._forgets.remove(reloaded)

        return stop

    def on_reload(self, forget: Callable[[], None]) -> None:
        """Be told of every time when all that is cached must be forgotten, and of nothing else."""
        self._forgets.append(forget)

    def heed(self, event: Event) -> None:
        """Tell the listeners of one event; doing so twice does no harm."""
        if event.kind not in ("ended", "moved"):
            return self._forget_all()
        for hear in self._heard:
            hear(event)
        return None

    async def run(self) -> None:
        """Follow the log for ever; while the database is away nothing here counts as fresh."""
        while True:
            try:
                await self._follow()
            except DatabaseAway as away:
                _log.warning("revocation.log_unreadable", because=away.because)
            await asyncio.sleep(self._poll)

    async def look(self) -> None:
        """Read what is new, once."""
        async with self._desk.database.reading() as db:
            await self._look(db)

    async def _follow(self) -> None:
        # One connection of its own, so that a flood of other readers cannot make it late.
        async with self._desk.database.reading() as db, hints(db, records.NEWS) as wait:
            while True:
                await self._look(db)
                await wait(self._poll)

    async def _look(self, db: Reading) -> None:
        # Freshness counts from before the question: what was committed later may be missing from the answer.
        asked_at, before = self._desk.clock.monotonic(), self.position
        caught_up = False
        while not caught_up:
            caught_up = await self._read_batch(db)
        self.fresh_until = asked_at + self._bound
        if self.position != before:
            self._moved_on.set()
            self._moved_on = asyncio.Event()

    async def _read_batch(self, db: Reading) -> bool:
        known = self.position
        head, rows = await (records.after(db, known.number, _BATCH) if known else _head_alone(db))
        if known is None or head.era != known.era or head.number < known.number or self._has_gap(known, rows, head):
            self._start_over(head)
            return True
        for number, event in rows:
            self.heed(event)
            self.position = Position(head.era, number)
        return len(rows) < _BATCH

    def _has_gap(self, known: Position, rows: list[tuple[int, Event]], head: Position) -> bool:
        # Clean-up takes old rows in any order: whoever slept for a day may meet a hole anywhere.
        last = rows[-1][0] if len(rows) == _BATCH else head.number
        return last - known.number != len(rows)

    def _start_over(self, head: Position) -> None:
        self._forget_all()
        self.position = head

    def _forget_all(self) -> None:
        for forget in self._forgets:
            forget()


async def _head_alone(db: Reading) -> tuple[Position, list[tuple[int, Event]]]:
    return await records.head(db), []
