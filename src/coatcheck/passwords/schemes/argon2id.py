"""argon2id: today's scheme; argon2i and argon2d hashes of imports are read too, Django's prefix included.

Not through `cryptography`, whose Argon2id hangs when two threads use several lanes at once; argon2-cffi releases the
GIL and does not.
"""

import re
from typing import ClassVar, Final

from argon2.exceptions import VerifyMismatchError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret, verify_secret

from coatcheck.passwords.schemes.scheme import DIGEST_FLOOR, Cost, CostTooHigh, UnknownHash, base64, number, unbase64
from coatcheck.secret import Veiled

CEILING_KIB: Final = 256 * 1024
CEILING_WORK_KIB: Final = 4 * CEILING_KIB
CEILING_LANES: Final = 16
_SALT_BYTES: Final = 16
_DIGEST_BYTES: Final = 32
_DJANGO: Final = "argon2$"
_TYPES: Final = {"i": Type.I, "d": Type.D, "id": Type.ID}
_PARAMETERS = r"argon2(?P<type>id|i|d)\$v=(?P<version>\d+)\$m=(?P<memory>\d+),t=(?P<time>\d+),p=(?P<lanes>\d+)"
_LABEL = re.compile(_PARAMETERS, re.ASCII)
_STORED = re.compile(rf"\${_PARAMETERS}\$(?P<salt>[^$]+)\$(?P<digest>[^$]+)", re.ASCII)


class Argon2Hash(Veiled, frozen=True):
    """A stored argon2 hash, taken apart."""

    veils: ClassVar = frozenset({"text"})

    text: str
    label: str
    type: Type
    memory_kib: int
    time: int
    lanes: int

    @property
    def cost(self) -> Cost:
        """What one verification takes while it runs."""
        return Cost(self.memory_kib * 1024, self.lanes)

    def verify(self, password: str) -> bool:
        """Say whether the password is the one hashed.

        Raises:
            argon2.exceptions.VerificationError: it could not be computed, for want of memory for instance.
        """
        try:
            return verify_secret(self.text.encode("ascii"), password.encode(), self.type)
        except VerifyMismatchError:
            return False

    def refuse_above_ceiling(self) -> None:
        """Refuse what costs more than an import may bring in.

        Raises:
            CostTooHigh: above 256 MiB, four passes over 256 MiB in all, or 16 lanes.
        """
        if self.memory_kib > CEILING_KIB:
            raise CostTooHigh(f"argon2 memory of {self.memory_kib} KiB is above the ceiling of {CEILING_KIB} KiB")
        if self.memory_kib * self.time > CEILING_WORK_KIB:
            raise CostTooHigh(f"argon2 with {self.time} passes over {self.memory_kib} KiB is above the ceiling")
        if self.lanes > CEILING_LANES:
            raise CostTooHigh(f"argon2 with {self.lanes} lanes is above the ceiling of {CEILING_LANES}")


class Argon2:
    """Read `$argon2id$…`, `$argon2i$…`, `$argon2d$…` and Django's `argon2$argon2id$…`."""

    prefixes = ("$argon2id$", "$argon2i$", "$argon2d$", "argon2$argon2")

    def read(self, stored: str) -> Argon2Hash:
        """Take a stored argon2 hash apart.

        Raises:
            UnknownHash: it is malformed, of another version, or its salt or digest is too short.
        """
        text = stored.removeprefix(_DJANGO.rstrip("$")) if stored.startswith(_DJANGO) else stored
        found = _STORED.fullmatch(text)
        if not found:
            raise UnknownHash("the stored argon2 hash is malformed")
        memory, time, lanes = (number(found[name]) for name in ("memory", "time", "lanes"))
        salt, digest = (unbase64(found[name], padded=False) for name in ("salt", "digest"))
        _refuse_nonsense(number(found["version"]), memory, time, lanes, salt, digest)
        return Argon2Hash(text, text[1:].rsplit("$", 2)[0], _TYPES[found["type"]], memory, time, lanes)

    def decoy(self, label: str, noise: bytes) -> str | None:
        """Make a stored argon2 hash of that label that no password matches."""
        return decoy_argon2(label, noise) if _LABEL.fullmatch(label) else None


def hash_argon2id(password: str, *, salt: bytes, memory_kib: int, time: int, lanes: int) -> str:
    """Hash a password with argon2id.

    Args:
        password: the password, after `rules.prepare`.
        salt: 16 random bytes.
        memory_kib: memory in KiB.
        time: passes.
        lanes: lanes.

    See: RFC 9106.
    """
    return hash_secret(password.encode(), salt, time, memory_kib, lanes, _DIGEST_BYTES, Type.ID).decode("ascii")


def decoy_argon2(label: str, noise: bytes) -> str:
    """Make a stored argon2 hash of a label, with salt and digest from the noise."""
    salt, digest = noise[:_SALT_BYTES], noise[_SALT_BYTES : _SALT_BYTES + _DIGEST_BYTES]
    return f"${label}${base64(salt, padded=False)}${base64(digest, padded=False)}"


def label_of(*, memory_kib: int, time: int, lanes: int) -> str:
    """Give the label of argon2id hashes made with these parameters."""
    return f"argon2id$v={ARGON2_VERSION}$m={memory_kib},t={time},p={lanes}"


def _refuse_nonsense(version: int, memory: int, time: int, lanes: int, salt: bytes, digest: bytes) -> None:
    if version != ARGON2_VERSION:
        raise UnknownHash(f"argon2 version {version} is not read, only {ARGON2_VERSION}")
    if time < 1 or lanes < 1 or memory < 8 * lanes:
        raise UnknownHash("the stored argon2 hash has impossible parameters")
    if len(salt) < 8 or not DIGEST_FLOOR <= len(digest) <= 64:
        raise UnknownHash("the stored argon2 hash has a salt or digest of impossible length")
