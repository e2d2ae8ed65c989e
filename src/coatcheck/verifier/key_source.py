"""The issuer's keys: fetched ahead, kept in memory, asked for again when a token names one that is not known.

Key ids come from strangers, so none is remembered, and all of them together cause one question per interval at most.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Final

from coatcheck.clock import Clock
from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.fetching import CannotFetch, Fetcher, parsed
from coatcheck.verifier.jwk import LONGEST_KEY_SET, keys_of
from coatcheck.verifier.metadata import Metadata, fetch_metadata
from coatcheck.verifier.own_loop import OURS

ASK_AGAIN_AFTER_S: Final = 10.0
"""Seconds between two questions that unknown key ids cause."""

REFRESH_AFTER_S: Final = 60.0
"""Seconds after which the keys are fetched anew. An issuer publishes a new key for 140 at least before it signs, so
that one question may fail."""

KEEP_FOR_S: Final = 3600.0
"""Seconds for which keys stay in force while the issuer does not publish any that can be read."""

_FRESH: Final = {"cache-control": "no-cache"}
_log = logging.getLogger("coatcheck.verifier")


class KeySource:
    """Keep an issuer's keys and metadata.

    `find`, `in_force` and `may_ask` only look at memory and may be called on any thread; the others belong to one loop.

    Args:
        issuer: whose keys.
        algorithms: which are accepted; keys for others are left aside.
        clock: tells the time.
    """

    def __init__(self, issuer: str, algorithms: Collection[str], clock: Clock) -> None:
        self._issuer = issuer
        self._algorithms = frozenset(algorithms)
        self._clock = clock
        self._keys: Mapping[str, VerifyingKey] = {}
        self._read_at = self._looked_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self.metadata: Metadata | None = None

    def find(self, kid: str) -> VerifyingKey | None:
        """Give the key of a name, if it is known and in force."""
        return self._keys.get(kid) if self.in_force else None

    @property
    def in_force(self) -> bool:
        """Whether there are keys, not older than an hour."""
        return self._clock.monotonic() - self._read_at <= KEEP_FOR_S

    @property
    def is_due(self) -> bool:
        """Whether it is time to fetch the keys anew."""
        return self._clock.monotonic() - self._read_at >= REFRESH_AFTER_S

    def forget_questions(self) -> None:
        """Forget what was asked on another loop: after a fork, or between two runs, no answer comes to it."""
        self._reading = None

    def may_ask(self) -> bool:
        """Tell whether an unknown key id is worth a question now, or the answer to one on its way."""
        return self._reading is not None or self._clock.monotonic() - self._looked_at >= ASK_AGAIN_AFTER_S

    async def look_again(self, fetcher: Fetcher) -> None:
        """Fetch the keys because of an unknown one, at most once per interval; never raises for a bad answer."""
        if not self.may_ask():
            return
        try:
            await asyncio.shield(self._reading or self._begin(fetcher))
        except CannotFetch as error:
            _log.warning("keys of %s not fetched: %s", self._issuer, error)

    async def reload(self, fetcher: Fetcher) -> None:
        """Fetch the keys by a question that is asked after this call.

        Raises:
            CannotFetch: no keys came, or none that can be read; the old ones stay in force for an hour.
        """
        while self._reading is not None:
            await asyncio.wait([self._reading])
        await asyncio.shield(self._begin(fetcher))

    async def refresh(self, fetcher: Fetcher) -> None:
        """Fetch metadata and keys anew.

        Raises:
            CannotFetch: they did not come, or cannot be read; what is known stays.
        """
        self.metadata = await fetch_metadata(fetcher, self._issuer)
        await self.reload(fetcher)

    def _begin(self, fetcher: Fetcher) -> asyncio.Task[None]:
        self._looked_at = self._clock.monotonic()
        self._reading = asyncio.create_task(self._read(fetcher), name=OURS)
        self._reading.add_done_callback(self._has_read)
        return self._reading

    async def _read(self, fetcher: Fetcher) -> None:
        if self.metadata is None:
            raise CannotFetch("there are no metadata yet")
        asked_at = self._clock.monotonic()
        answer = await fetcher.get(self.metadata.jwks_uri, most=LONGEST_KEY_SET, headers=_FRESH)
        keys = parsed(answer, keys_of, "keys")
        usable = {kid: key for kid, key in keys.items() if key.algorithm in self._algorithms}
        if not usable:
            raise CannotFetch("the issuer publishes no key of an accepted algorithm")
        self._keys, self._read_at = usable, asked_at

    def _has_read(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if not task.cancelled():
            task.exception()  # whoever waited may have gone; unread, it would be logged as forgotten
