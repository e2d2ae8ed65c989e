"""The keys of this process: read from the database, kept in memory, read again each minute and when told to."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway
from coatcheck.keys import records
from coatcheck.keys.life import READ_EVERY, KeyRow, is_due, lead
from coatcheck.keys.rotate import add_first
from coatcheck.keys.signing_key import PublicKey, SigningKey, make_key, open_key

_ASK_AGAIN_SECONDS = 1.0
_BESIDE = READ_EVERY / 2
_log = structlog.get_logger("coatcheck.keys")


class SigningKeys:
    """Sign with the key whose turn it is, and know every key that what we have signed may name.

    One a process, by `desk.keep(SigningKeys)`. A key is published for longer than `READ_EVERY` before it signs, so what
    is in memory is right for as long as that; when all keys were replaced, `forget` is called.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reading = asyncio.Lock()
        self._making = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._told = self._begun = 0
        self._read_at = self._looked_up_at = float("-inf")
        self._keys: list[tuple[KeyRow, SigningKey, PublicKey]] = []
        self._public: dict[str, tuple[PublicKey, Instant | None]] = {}

    async def current(self) -> SigningKey:
        """Give the key to sign with; the first of a database is made here.

        Raises:
            ConfigurationError: a key cannot be unsealed.
            DatabaseAway: the keys are not known, or not lately enough, and the database cannot be reached.
        """
        await self.read()
        if not self._keys:
            await self._make_first()
        now = self._desk.now()
        for row, key, _ in reversed(self._keys):
            if row.signs_from <= now:
                return key
        # Where the clock of whoever made the first key is ahead of ours, it signs all the same.
        return self._keys[0][1]

    async def read(self, at_most: timedelta = READ_EVERY) -> None:
        """Make sure that the keys in memory are at most so old, or older while the database is away.

        Raises:
            ConfigurationError: a key cannot be unsealed.
            DatabaseAway: a key unknown here may sign by now, and the database cannot be reached.
        """
        if self._age() <= at_most.total_seconds():
            return
        try:
            await self._read_since(self._desk.clock.monotonic() - at_most.total_seconds())
        except DatabaseAway:
            if self._age() > lead(self._desk.settings.keys).total_seconds():
                raise

    async def find(self, kid: str) -> PublicKey | None:
        """Give what checks a signature; a name that is not known is looked up, at most once a second.

        While no key is known at all each name is: another worker may have made the first key this very moment.

        Raises:
            ConfigurationError: a key cannot be unsealed.
            DatabaseAway: see `read`.
        """
        await self.read()
        if kid not in self._public:
            await self._look_up()
        return self.verifying(kid)

    def verifying(self, kid: str) -> PublicKey | None:
        """Give what checks a signature, from memory alone; None for an unknown name, and for a key that is gone."""
        public, gone_at = self._public.get(kid, (None, None))
        return None if gone_at is not None and self._desk.now() >= gone_at else public

    def jwks(self) -> dict[str, Any]:
        """Give the set that others check our signatures with, from memory: no private part, and nothing of HS256.

        See: RFC 7517 section 5.
        """
        public = [self.verifying(kid) for kid in self._public]
        return {"keys": [key.jwk for key in public if key is not None and key.jwk is not None]}

    def forget(self) -> None:
        """Drop all keys: they have changed, and whoever needs one next reads them anew."""
        self._keys, self._public = [], {}
        self.look_again()

    def look_again(self) -> None:
        """Have the keys read anew before they are next asked for; what is known counts until then."""
        self._told += 1
        self._read_at = float("-inf")
        self._wanted.set()

    def is_due(self) -> bool:
        """Tell whether the next key has to be published now; also when there is none at all."""
        return not self._keys or is_due(self._keys[-1][0], self._desk.settings.keys, self._desk.now())

    async def run(self) -> None:
        """Read the keys twice a minute and as soon as they were forgotten, so that requests find them in memory."""
        while True:
            self._wanted.clear()
            try:
                await self.read(_BESIDE)
            except DatabaseAway as away:
                _log.warning("keys.not_read", because=away.because)
            try:
                await asyncio.wait_for(self._wanted.wait(), _BESIDE.total_seconds())
            except TimeoutError:
                continue

    def _age(self) -> float:
        return self._desk.clock.monotonic() - self._read_at

    async def _read_since(self, wanted_since: float) -> None:
        """Read the keys, unless somebody has done so while we waited our turn."""
        async with self._reading:
            while self._read_at < wanted_since:
                await self._read()

    async def _read(self) -> None:
        self._begun += 1
        told, asked_at = self._told, self._desk.clock.monotonic()
        async with self._desk.database.reading() as db:
            rows = await records.listed(db)
        keys = [(row, open_key(self._desk, row)) for row in rows]
        # What was read before the keys changed may be what they were: it is dropped.
        if told == self._told:
            self._keys = [(row, key, key.public()) for row, key in keys]
            self._public = {row.kid: (public, row.gone_at) for row, _, public in self._keys}
            self._read_at = asked_at

    async def _look_up(self) -> None:
        """Read the keys by a question that is asked after this call; those who wait for their turn share one.

        Names come from strangers: within a second of the last such question nobody asks, but waits for its answer.
        """
        asks, begun = not self._keys or self._since_look_up() > _ASK_AGAIN_SECONDS, self._begun
        if asks:
            self._looked_up_at = self._desk.clock.monotonic()
        async with self._reading:
            if asks and self._begun == begun:
                await self._read()

    def _since_look_up(self) -> float:
        return self._desk.clock.monotonic() - self._looked_up_at

    async def _make_first(self) -> None:
        """Make the first key; of two processes that do so at once one is heeded, and both read which."""
        async with self._making:
            if self._keys:
                return
            made = await make_key(self._desk)
            async with self._desk.database.writing() as tx:
                await add_first(tx, self._desk, made)
            self.look_again()
            await self.read()
