"""Keys that nobody has: what a name without passkeys is answered with, so that no answer tells who has any.

A decoy knows itself: its second half is a keyed hash of its first. So an id that was given out here is never called
unknown, whether a key stands behind it or not.
"""

from typing import Final

from coatcheck.desk import Desk
from coatcheck.passkeys.passkey import Allowed
from coatcheck.secret import same

_KINDS: Final = (
    (16, ("internal", "hybrid")),
    (20, ("internal", "hybrid")),
    (32, ("internal", "hybrid")),
    (32, ("internal",)),
    (48, ("usb", "nfc")),
    (64, ("usb",)),
)
"""Lengths of ids as authenticators make them, and how those are reached."""
_MANY: Final = (1, 1, 1, 1, 1, 2, 2, 3)
"""How many keys people have, about."""


def decoys(desk: Desk, name: str) -> tuple[Allowed, ...]:
    """Give the keys of a name that has none: one to three, the same whenever they are asked for.

    Args:
        name: what was typed, normalised.

    See: WebAuthn section 14.6.2.
    """
    drawn = desk.key_ring.mac("passkey decoys", name)
    many = _MANY[drawn[0] % len(_MANY)]
    return tuple(_decoy(desk, name, place, drawn[1 + place]) for place in range(many))


def is_decoy(desk: Desk, credential_id: bytes) -> bool:
    """Tell whether an id was made here and no key stands behind it."""
    half = len(credential_id) // 2
    return half > 0 and same(_seal(desk, credential_id[:half], len(credential_id) - half), credential_id[half:])


def _decoy(desk: Desk, name: str, place: int, draw: int) -> Allowed:
    length, transports = _KINDS[draw % len(_KINDS)]
    half = length // 2
    first = desk.key_ring.mac("passkey decoy", name, str(place))[:half]
    return Allowed(first + _seal(desk, first, length - half), transports)


def _seal(desk: Desk, first: bytes, length: int) -> bytes:
    return desk.key_ring.mac("passkey decoy seal", first)[:length]
