"""The status lists that this process holds: bitmaps read once from the database, kept up to date by the log."""

import asyncio

from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.revocation import records
from coatcheck.revocation.event import Event, Position
from coatcheck.revocation.reader import LogReader
from coatcheck.verifier.moves import Moves
from coatcheck.verifier.status import StatusLists, UnknownList

_TRIES = 3
_BATCH = 20_000


class HeldLists:
    """Tell which bits are set, from memory while the log was read within the bound, else from the database.

    A list is read when it is first asked for. What is heard of it meanwhile is set afterwards, so that nothing is lost
    between the reading and the keeping.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reader = desk.keep(LogReader)
        self._lists = StatusLists()
        self.moves = Moves()
        self._heard_while_read: dict[int, set[int]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._forgot = 0
        self._reader.subscribe(self._hear, self._forget)

    async def is_set(self, list_id: int, index: int) -> bool:
        """Tell whether what holds an index was revoked.

        Raises:
            UnknownList: there is no such list.
            UnknownIndex: the index lies outside it.
            DatabaseAway: memory does not count any more, and the database cannot be reached.
        """
        if not self._reader.is_fresh():
            async with self._desk.database.reading() as db:
                return await records.is_ended(db, list_id, index)
        if list_id not in self._lists:
            await self._read(list_id)
        return self._lists.is_set(list_id, index)

    async def snapshot(self, list_id: int) -> tuple[bytes, Position]:
        """Give a list's bitmap and a position of the log up to which it is complete; it may know of more.

        Raises:
            UnknownList: there is no such list.
            DatabaseAway: the log was not read within the bound.
        """
        if list_id not in self._lists:
            await self._read(list_id)
        position = self._reader.position
        if position is None or not self._reader.is_fresh():
            raise DatabaseAway(because="the log was not read within the bound")
        return self._lists.bits(list_id), position

    async def live(self) -> list[int]:
        """List the numbers of the lists that a living credential may name; the others are let go."""
        async with self._desk.database.reading() as db:
            ids = await records.live_lists(db, self._desk.now())
        for gone in set(self._lists) - set(ids):
            self._lists.forget(gone)
        return ids

    async def _read(self, list_id: int) -> None:
        async with self._one_at_a_time:
            for _ in range(_TRIES):
                if list_id in self._lists or await self._read_once(list_id):
                    return
        raise DatabaseAway(because="the log began anew again and again while a status list was read")

    async def _read_once(self, list_id: int) -> bool:
        """Read a list and keep it; tell False when all was forgotten meanwhile."""
        before = self._forgot
        heard = self._heard_while_read[list_id] = set[int]()
        try:
            bits = await self._bits(list_id)
            if before != self._forgot:
                return False
            self._lists.load(list_id, bits)
            for index in heard:
                self._lists.set(list_id, index)
        finally:
            del self._heard_while_read[list_id]
        return True

    async def _bits(self, list_id: int) -> bytes:
        async with self._desk.database.snapshot() as db:
            size = await records.size_of(db, list_id)
            if size is None:
                raise UnknownList(f"there is no status list {list_id}")
            bits, last = bytearray(size // 8), -1
            while ended := await records.ended_after(db, list_id, last, _BATCH):
                for index in ended:
                    bits[index >> 3] |= 1 << (index & 7)
                last = ended[-1]
        return bytes(bits)

    def _hear(self, event: Event) -> None:
        if event.list is None or event.index is None:
            return
        self.moves.note(event.list, event.index, has_moved=event.kind == "moved")
        if event.list in self._heard_while_read:
            self._heard_while_read[event.list].add(event.index)
        if event.list in self._lists:
            self._lists.set(event.list, event.index)

    def _forget(self) -> None:
        self._forgot += 1
        self._lists.clear()
