"""PBKDF2 of imports, in Django's and passlib's formats: verified, then replaced by argon2id at the first sign-in."""

import hashlib
import hmac
import re
from typing import ClassVar, Final

from coatcheck.passwords.schemes.scheme import Cost, CostTooHigh, UnknownHash, base64, number, unbase64
from coatcheck.secret import Veiled

CEILING_ITERATIONS: Final = 2_000_000
_MEMORY_BYTES: Final = 4 * 1024
_PASSLIB_ALPHABET: Final = b"./"  # passlib writes "." for "+"
_DIGESTS: Final = {"sha1": 20, "sha256": 32, "sha512": 64}
_LABEL = re.compile(r"pbkdf2-(?P<digest>sha1|sha256|sha512)\$(?P<iterations>\d+)", re.ASCII)
_DJANGO = re.compile(r"pbkdf2_(?P<digest>sha1|sha256)\$(?P<iterations>\d+)\$(?P<salt>[^$]+)\$(?P<key>[^$]+)")
_PASSLIB = re.compile(r"\$pbkdf2(?:-(?P<digest>sha256|sha512))?\$(?P<iterations>\d+)\$(?P<salt>[^$]*)\$(?P<key>[^$]+)")


class Pbkdf2Hash(Veiled, frozen=True):
    """A stored PBKDF2 hash, taken apart."""

    veils: ClassVar = frozenset({"salt", "key"})

    digest: str
    iterations: int
    salt: bytes
    key: bytes

    @property
    def label(self) -> str:
        """Everything that decides how long a verification takes."""
        return f"pbkdf2-{self.digest}${self.iterations}"

    @property
    def cost(self) -> Cost:
        """What one verification takes while it runs."""
        return Cost(_MEMORY_BYTES)

    def verify(self, password: str) -> bool:
        """Say whether the password is the one hashed, comparing in constant time."""
        key = hashlib.pbkdf2_hmac(self.digest, password.encode(), self.salt, self.iterations)
        return hmac.compare_digest(key, self.key)

    def refuse_above_ceiling(self) -> None:
        """Refuse what costs more than an import may bring in.

        Raises:
            CostTooHigh: above 2,000,000 iterations.
        """
        if self.iterations > CEILING_ITERATIONS:
            raise CostTooHigh(f"{self.iterations} PBKDF2 iterations are above the ceiling of {CEILING_ITERATIONS}")


class Pbkdf2:
    """Read Django's `pbkdf2_sha256$`, `pbkdf2_sha1$` and passlib's `$pbkdf2-sha256$`, `$pbkdf2-sha512$`, `$pbkdf2$`."""

    prefixes = ("pbkdf2_", "$pbkdf2")

    def read(self, stored: str) -> Pbkdf2Hash:
        """Take a stored PBKDF2 hash apart.

        Raises:
            UnknownHash: it is malformed, or its key is not as long as its digest.
        """
        if found := _DJANGO.fullmatch(stored):
            salt, key = found["salt"].encode(), unbase64(found["key"], padded=True)
        elif found := _PASSLIB.fullmatch(stored):
            salt, key = (unbase64(found[name], alphabet=_PASSLIB_ALPHABET, padded=False) for name in ("salt", "key"))
        else:
            raise UnknownHash("the stored PBKDF2 hash is malformed")
        digest, iterations = found["digest"] or "sha1", number(found["iterations"])
        # A longer key would take a multiple of the time that the label tells, a shorter one would match too easily.
        if iterations < 1 or len(key) != _DIGESTS[digest]:
            raise UnknownHash("the stored PBKDF2 hash has impossible parameters")
        return Pbkdf2Hash(digest, iterations, salt, key)

    def decoy(self, label: str, noise: bytes) -> str | None:
        """Make a stored PBKDF2 hash of that label that no password matches."""
        found = _LABEL.fullmatch(label)
        if not found:
            return None
        salt, key = noise[:16], noise[16 : 16 + _DIGESTS[found["digest"]]]
        name = {"sha1": "pbkdf2"}.get(found["digest"], f"pbkdf2-{found['digest']}")
        encoded = [base64(raw, alphabet=_PASSLIB_ALPHABET, padded=False) for raw in (salt, key)]
        return f"${name}${found['iterations']}${encoded[0]}${encoded[1]}"
