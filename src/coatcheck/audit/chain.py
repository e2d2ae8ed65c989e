"""The chain: how each sealed row's MAC follows from the one before, under a key that is not in the database.

mac(n) = HMAC(key, mac(n-1), canonical text of row n with its number and id). After a change of master key new links
are made with the current key, and old ones still verify as long as theirs is in the ring.
"""

import json

from msgspec import Struct

from coatcheck.audit.row import Row
from coatcheck.secret import KeyRing, same

GENESIS = bytes(32)
"""What stands before the first row."""

HEAD, ANCHOR = "head", "anchor"


class ChainBroken(Exception):
    """Say that the chain is not as the sealer left it: somebody changed the database. `verify` tells more."""


class Place(Struct, frozen=True):
    """Name a place in the chain: the head, or the anchor up to which old rows were cut. Its seal shows who set it."""

    name: str
    number: int
    mac: bytes
    seal: bytes


def canonical(row: Row, number: int) -> str:
    """Write everything of a row that matters as one unambiguous text."""
    personal = None if row.personal is None else row.personal.hex()
    who = [row.account, row.actor, row.session]
    return json.dumps([number, row.id, row.at, row.event, row.outcome, *who, row.request_id, row.details, personal])


def link(ring: KeyRing, previous: bytes, row: Row, number: int) -> bytes:
    """Give the MAC of a row that follows `previous` as number `number`."""
    return ring.mac("audit chain", previous, canonical(row, number))


def set_place(ring: KeyRing, name: str, number: int, mac: bytes) -> Place:
    """Make a sealed place."""
    return Place(name, number, mac, ring.mac("audit place", name, str(number), mac))


class ChainKeys:
    """Check links and places against every master key of the ring.

    Once a link made with a newer key has been seen, an older key is no longer taken: nobody goes on with a retired one.
    """

    def __init__(self, ring: KeyRing) -> None:
        self._rings = [KeyRing((master,)) for master in ring.masters]
        self._oldest_taken = len(self._rings)

    def follows(self, previous: bytes, row: Row) -> bool:
        """Tell whether a sealed row is the one that was sealed after `previous`; ask in the order of the chain."""
        for age, ring in enumerate(self._rings[: self._oldest_taken]):
            if row.number is not None and same(link(ring, previous, row, row.number), row.mac or b""):
                self._oldest_taken = age + 1
                return True
        return False

    def links(self, previous: bytes, row: Row, number: int) -> set[bytes]:
        """Give what the row's MAC would be under that number, with each key."""
        return {link(ring, previous, row, number) for ring in self._rings}

    def trusts(self, place: Place) -> bool:
        """Tell whether a place was set by someone with the key."""
        seals = [set_place(ring, place.name, place.number, place.mac).seal for ring in self._rings]
        return any(same(seal, place.seal) for seal in seals)
