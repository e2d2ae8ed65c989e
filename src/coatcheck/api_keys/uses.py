"""How often each key is used: counted in portions, so that a request costs no write and all workers count together.

portion at hand? → one less
       no        → the next portion of this minute, from the store that all workers share → given: go on
                                                                                          → none is left: 429
"""

import asyncio
from typing import Final

import structlog

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import ApiKeyOverused, Busy

MINUTE: Final = 60_000
PORTIONS: Final = 20
"""Into how many a minute's uses are divided: so often a minute a busy key is counted in the store, at the most."""

_KIND = "api_key_uses"
_log = structlog.get_logger("coatcheck.api_keys")


class KeyUses:
    """Hold the portions that this worker has of the minute's uses, by key.

    A minute never sees more uses than are allowed, as no portion is given twice. It may see fewer: what is left of
    other workers' portions when the last one is given, so up to a twentieth for each of them. Where the store is away,
    each worker counts alone.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._most = desk.settings.api_keys.per_minute
        self._portion = -(-self._most // PORTIONS)
        self._minute = -1
        self._left: dict[str, int] = {}
        self._over: set[str] = set()
        self._alone: dict[str, int] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    def take(self, key: str, now: Instant) -> bool:
        """Take one use of what is at hand; tell whether there was one."""
        minute = now // MINUTE
        # A request that was held up brings a minute that is over: it must not throw away what this one has.
        if minute > self._minute or minute < self._minute - 1:
            self._begin(minute)
        left = self._left.get(key, 0)
        if not left:
            return False
        self._left[key] = left - 1
        return True

    async def spend(self, key: str) -> None:
        """Take one use, with the next portion where none is at hand.

        Raises:
            ApiKeyOverused: the key was used as often as it may be in this minute.
        """
        while not self.take(key, now := self._desk.now()):
            if key in self._over:
                raise ApiKeyOverused(-(-(MINUTE - now % MINUTE) // 1000), because=f"{key}: {self._most} in a minute")
            await self._ask(key)

    def _begin(self, minute: int) -> None:
        self._minute = minute
        for kept in (self._left, self._over, self._alone, self._asking):
            kept.clear()

    async def _ask(self, key: str) -> None:
        """Ask for the next portion; of many requests at once one asks, and the others use what it got."""
        minute = self._minute
        async with self._asking.setdefault(key, asyncio.Lock()):
            if minute != self._minute or self._left.get(key) or key in self._over:
                return
            before = await self._given_before(key, minute)
            if minute != self._minute:
                return
            portion = min(self._portion, self._most - before)
            if portion > 0:
                self._left[key] = portion
            else:
                self._over.add(key)

    async def _given_before(self, key: str, minute: int) -> int:
        """Give how many uses of this minute were given to workers before this portion."""
        try:
            count = await self._desk.ephemeral.count(_KIND, f"{key} {minute}", ttl_ms=2 * MINUTE)
        except Busy as away:
            _log.warning("api_keys.counted_alone", because=away.because)
            given = self._alone.get(key, 0)
            self._alone[key] = given + self._portion
            return given
        return (count - 1) * self._portion
