"""What a password hash scheme is: reads stored hashes of its formats, verifies them, says what they cost."""

import binascii
from base64 import b64decode, b64encode
from typing import Final, Protocol

from msgspec import Struct


class UnknownHash(ValueError):
    """Say that a stored hash is of no format we read, or is malformed. The message never holds the hash."""


class CostTooHigh(ValueError):
    """Say that a stored hash costs more than we are willing to pay at each sign-in."""


class Cost(Struct, frozen=True):
    """Say what one verification takes while it runs.

    Args:
        memory_bytes: memory held until it ends.
        lanes: threads it computes with.
    """

    memory_bytes: int
    lanes: int = 1


class StoredHash(Protocol):
    """A stored hash, taken apart and found well-formed."""

    @property
    def label(self) -> str:
        """Everything that decides how long a verification takes, as one word: `bcrypt$12`."""
        ...

    @property
    def cost(self) -> Cost:
        """What one verification takes while it runs."""
        ...

    def verify(self, password: str) -> bool:
        """Say whether the password is the one hashed, comparing in constant time."""
        ...

    def refuse_above_ceiling(self) -> None:
        """Refuse what costs more than an import may bring in.

        Raises:
            CostTooHigh: verifying this takes too much memory or work.
        """
        ...


class Scheme(Protocol):
    """One scheme with all the stored formats it reads."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """How stored hashes of this scheme begin."""
        ...

    def read(self, stored: str) -> StoredHash:
        """Take a stored hash apart; raise `UnknownHash` when it is malformed."""
        ...

    def decoy(self, label: str, noise: bytes) -> str | None:
        """Make a stored hash of that label with salt and digest from 128 bytes of noise; None for a foreign label."""
        ...


DIGEST_FLOOR: Final = 16
"""A stored digest shorter than this many bytes is malformed: with very few bytes, any password might match."""


def number(text: str) -> int:
    """Read a decimal number of at most ten ASCII digits and no leading zero.

    Raises:
        UnknownHash: it is anything else.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or (text[0] == "0" and text != "0"):
        raise UnknownHash("a cost in the stored hash is not a plain number")
    return int(text)


def unbase64(text: str, *, alphabet: bytes = b"+/", padded: bool) -> bytes:
    """Decode canonical base64; `alphabet` names the characters for 62 and 63.

    Raises:
        UnknownHash: it is not base64, or not the one canonical text of its bytes.
    """
    try:
        raw = b64decode(text + ("" if padded else "=" * (-len(text) % 4)), altchars=alphabet, validate=True)
    except (binascii.Error, ValueError):
        raise UnknownHash("the stored hash is not valid base64") from None
    if base64(raw, alphabet=alphabet, padded=padded) != text:
        raise UnknownHash("the stored hash is not canonical base64")
    return raw


def base64(raw: bytes, *, alphabet: bytes = b"+/", padded: bool) -> str:
    """Encode to base64, with padding or without."""
    text = b64encode(raw, altchars=alphabet).decode("ascii")
    return text if padded else text.rstrip("=")
