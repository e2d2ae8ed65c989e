"""Check a typed password: the same work whether or not there is an account, or a password."""

from typing import ClassVar

import structlog

from coatcheck.desk import Desk
from coatcheck.passwords import records, schemes
from coatcheck.passwords.decoy import Decoys
from coatcheck.passwords.machine import this_machine
from coatcheck.passwords.pool import HashingPool
from coatcheck.passwords.rules import UnusablePassword, prepare
from coatcheck.secret import Veiled

_CENSUS_FOR_MS = 600_000
_log = structlog.get_logger("coatcheck.passwords")


class Checked(Veiled, frozen=True):
    """Say whether a password was right; `upgrade_from` is its stored hash when a stronger one should replace it."""

    veils: ClassVar = frozenset({"upgrade_from"})

    is_right: bool
    upgrade_from: str | None = None


async def check_password(desk: Desk, *, account: str | None, identifier: str, password: str) -> Checked:
    """Check a password in the bounded pool; with no account, or none set, a decoy of like cost is checked instead.

    Args:
        account: the account's id, or None when nobody was found.
        identifier: what was typed, normalised; it picks the decoy.

    Raises:
        Busy: too many hashes wait already.

    See: ASVS 6.3.8 (no account may be told from the time an answer takes).
    """
    async with desk.database.reading() as db:
        stored = await records.stored_hash(db, account or "")
    decoy = await desk.keep(DecoyPicker).pick(identifier)
    prepared = _prepared(password)
    try:
        matches = await desk.keep(hashing_pool).verify(stored or decoy, prepared or "")
    except schemes.UnknownHash as broken:
        _log.error("passwords.stored_hash_unreadable", account=account, because=str(broken))
        return Checked(False)
    if stored is None or not prepared or not matches:
        return Checked(False)
    return Checked(True, stored if schemes.needs_upgrade(stored, desk.settings.passwords) else None)


def hashing_pool(desk: Desk) -> HashingPool:
    """Make the pool of this process, from its share of the machine; reach it by `desk.keep(hashing_pool)`."""
    return HashingPool(desk.settings.passwords, this_machine().shared_by(desk.settings.server.workers))


class DecoyPicker:
    """Pick decoys in the proportion of the stored hashes, counted again every ten minutes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._decoys = Decoys(desk.key_ring.key("password decoys"), desk.settings.passwords)
        self._census: dict[str, int] = {}
        self._counted_at: int | None = None

    async def pick(self, identifier: str) -> str:
        """Give the decoy of an identifier."""
        now = self._desk.now()
        if self._counted_at is None or now - self._counted_at > _CENSUS_FOR_MS:
            self._counted_at = now
            async with self._desk.database.reading() as db:
                self._census = await records.census(db)
        return self._decoys.choose(identifier, self._census)


def _prepared(password: str) -> str | None:
    try:
        return prepare(password)
    except UnusablePassword:
        return None
