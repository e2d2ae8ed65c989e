"""Short-lived tickets in the memory of this process: for tests and for a server of one process."""

import heapq

from msgspec import Struct

from coatcheck.clock import Clock, Instant

CAPACITY = 100_000
"""Tickets kept at once. Above it the one nearest to its end makes room: a lost ticket lets nobody in."""

_Place = tuple[str, str]


class _Ticket(Struct):
    value: bytes
    count: int
    expires_at: Instant


class InMemory:
    """Keep tickets in a dictionary. No call waits for anything in between, so each is atomic in its event loop.

    Args:
        clock: decides what has run out.
        capacity: how many tickets are kept at once.
    """

    def __init__(self, clock: Clock, *, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._tickets: dict[_Place, _Ticket] = {}
        self._ends: list[tuple[Instant, _Place]] = []

    async def put(self, kind: str, key: str, value: bytes, *, ttl_ms: int, only_if_absent: bool = False) -> bool:
        """Store a value for `ttl_ms` milliseconds; tell whether it was stored."""
        place = (kind, key)
        if only_if_absent and self._find(place):
            return False
        self._store(place, _Ticket(value, 0, self._clock.now() + ttl_ms))
        return True

    async def get(self, kind: str, key: str) -> bytes | None:
        """Give a value that has not run out."""
        ticket = self._find((kind, key))
        return ticket.value if ticket else None

    async def take(self, kind: str, key: str) -> bytes | None:
        """Give a value and remove it; of many callers at once exactly one gets it."""
        ticket = self._find((kind, key))
        self._tickets.pop((kind, key), None)
        return ticket.value if ticket else None

    async def count(self, kind: str, key: str, *, ttl_ms: int) -> int:
        """Count one more and give the count; counting starts again `ttl_ms` milliseconds after the first."""
        # A mark that no kind has, so that a count and a ticket of one name never meet.
        place = (f"{kind}#", key)
        ticket = self._find(place)
        if ticket is None:
            ticket = _Ticket(b"", 0, self._clock.now() + ttl_ms)
            self._store(place, ticket)
        ticket.count += 1
        return ticket.count

    async def close(self) -> None:
        """Forget everything."""
        self._tickets.clear()
        self._ends.clear()

    def _find(self, place: _Place) -> _Ticket | None:
        ticket = self._tickets.get(place)
        return ticket if ticket and ticket.expires_at > self._clock.now() else None

    def _store(self, place: _Place, ticket: _Ticket) -> None:
        self._tickets[place] = ticket
        heapq.heappush(self._ends, (ticket.expires_at, place))
        self._sweep()

    def _sweep(self) -> None:
        """Remove what has run out, then what is above the capacity, the nearest to its end first."""
        now = self._clock.now()
        while self._ends and (self._ends[0][0] <= now or len(self._tickets) > self._capacity):
            ends, place = heapq.heappop(self._ends)
            ticket = self._tickets.get(place)
            # A ticket that was replaced or taken has left its old end behind.
            if ticket and ticket.expires_at == ends:
                del self._tickets[place]
        if len(self._ends) > 2 * self._capacity:
            self._ends = [(ticket.expires_at, place) for place, ticket in self._tickets.items()]
            heapq.heapify(self._ends)
