"""scrypt of imports, in Django's and passlib's formats: verified, then replaced by argon2id at the first sign-in."""

import hashlib
import hmac
import re
from typing import ClassVar, Final

from coatcheck.passwords.schemes.scheme import DIGEST_FLOOR, Cost, CostTooHigh, UnknownHash, base64, number, unbase64
from coatcheck.secret import Veiled

CEILING_BYTES: Final = 256 * 1024 * 1024
CEILING_WORK_BYTES: Final = 4 * CEILING_BYTES
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32
_HIGHEST_LOG_N: Final = 40
_LABEL = re.compile(r"scrypt\$(ln=\d+,r=\d+,p=\d+)", re.ASCII)
_DJANGO = re.compile(r"scrypt\$(?P<n>\d+)\$(?P<salt>[^$]+)\$(?P<r>\d+)\$(?P<p>\d+)\$(?P<key>[^$]+)")
_PASSLIB = re.compile(r"\$scrypt\$ln=(?P<ln>\d+),r=(?P<r>\d+),p=(?P<p>\d+)\$(?P<salt>[^$]*)\$(?P<key>[^$]+)")


class ScryptHash(Veiled, frozen=True):
    """A stored scrypt hash, taken apart."""

    veils: ClassVar = frozenset({"salt", "key"})

    log_n: int
    r: int
    p: int
    salt: bytes
    key: bytes

    @property
    def label(self) -> str:
        """Everything that decides how long a verification takes."""
        return f"scrypt$ln={self.log_n},r={self.r},p={self.p}"

    @property
    def cost(self) -> Cost:
        """What one verification takes while it runs: OpenSSL's own sum, as it demands of `maxmem`."""
        return Cost(128 * self.r * ((1 << self.log_n) + self.p + 2))

    def verify(self, password: str) -> bool:
        """Say whether the password is the one hashed, comparing in constant time."""
        key = hashlib.scrypt(
            password.encode(),
            salt=self.salt,
            n=1 << self.log_n,
            r=self.r,
            p=self.p,
            maxmem=self.cost.memory_bytes,
            dklen=len(self.key),
        )
        return hmac.compare_digest(key, self.key)

    def refuse_above_ceiling(self) -> None:
        """Refuse what costs more than an import may bring in.

        Raises:
            CostTooHigh: above 256 MiB, or 1 GiB of work over all of `p`.
        """
        used = 128 * self.r << self.log_n
        if used > CEILING_BYTES:
            raise CostTooHigh(f"scrypt memory of {used >> 20} MiB is above the ceiling of {CEILING_BYTES >> 20} MiB")
        if used * self.p > CEILING_WORK_BYTES:
            raise CostTooHigh(f"scrypt with p={self.p} over {used >> 20} MiB is above the ceiling")


class Scrypt:
    """Read Django's `scrypt$N$salt$r$p$key` and passlib's `$scrypt$ln=…,r=…,p=…$salt$key`."""

    prefixes = ("scrypt$", "$scrypt$")

    def read(self, stored: str) -> ScryptHash:
        """Take a stored scrypt hash apart.

        Raises:
            UnknownHash: it is malformed.
        """
        if found := _DJANGO.fullmatch(stored):
            log_n, salt, key = _log2(number(found["n"])), found["salt"].encode(), unbase64(found["key"], padded=True)
        elif found := _PASSLIB.fullmatch(stored):
            log_n, salt, key = number(found["ln"]), *(unbase64(found[name], padded=False) for name in ("salt", "key"))
        else:
            raise UnknownHash("the stored scrypt hash is malformed")
        r, p = number(found["r"]), number(found["p"])
        # RFC 7914, section 2: N is a power of two and below 2^(128 r / 8), and r p < 2^30.
        if not 1 <= log_n <= _HIGHEST_LOG_N or r < 1 or p < 1 or r * p >= 1 << 30 or log_n >= 16 * r:
            raise UnknownHash("the stored scrypt hash has impossible parameters")
        if not DIGEST_FLOOR <= len(key) <= 64:
            raise UnknownHash("the stored scrypt hash has a key of impossible length")
        return ScryptHash(log_n, r, p, salt, key)

    def decoy(self, label: str, noise: bytes) -> str | None:
        """Make a stored scrypt hash of that label that no password matches."""
        found = _LABEL.fullmatch(label)
        if not found:
            return None
        salt, key = noise[:_SALT_BYTES], noise[_SALT_BYTES : _SALT_BYTES + _KEY_BYTES]
        return f"$scrypt${found[1]}${base64(salt, padded=False)}${base64(key, padded=False)}"


def _log2(n: int) -> int:
    if n < 2 or n & (n - 1):
        raise UnknownHash("the stored scrypt hash has an N that is no power of two")
    return n.bit_length() - 1
