"""bcrypt of imports: verified, then replaced by argon2id at the first sign-in.

bcrypt reads 72 bytes of a password and no more. The systems that made these hashes cut longer ones there without a
word, and the `bcrypt` library now raises instead; so the first 72 bytes are passed on purpose, else nobody with a long
password could sign in after an import. It weakens nothing: the hash never knew of more. Hashes made here are argon2id,
which reads all of the password.
"""

import hashlib
import re
from typing import ClassVar, Final

import bcrypt

from coatcheck.passwords.schemes.scheme import Cost, CostTooHigh, UnknownHash
from coatcheck.secret import Veiled

CEILING_ROUNDS: Final = 14
_READS_BYTES: Final = 72
_MEMORY_BYTES: Final = 8 * 1024
_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PLAIN: Final = "bcrypt$"
_HASHED_FIRST: Final = "bcrypt_sha256$"
_LABEL = re.compile(r"bcrypt\$(\d\d?)", re.ASCII)
# 22 characters carry 128 bits of salt: the last one holds two, so it is one of four.
_STORED = re.compile(r"\$2[aby]\$(?P<rounds>\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)


class BcryptHash(Veiled, frozen=True):
    """A stored bcrypt hash, taken apart."""

    veils: ClassVar = frozenset({"text"})

    text: str
    rounds: int
    hashed_first: bool

    @property
    def label(self) -> str:
        """Everything that decides how long a verification takes."""
        return f"bcrypt${self.rounds}"

    @property
    def cost(self) -> Cost:
        """What one verification takes while it runs."""
        return Cost(_MEMORY_BYTES)

    def verify(self, password: str) -> bool:
        """Say whether the first 72 bytes of the password are the ones hashed."""
        raw = password.encode()
        if self.hashed_first:
            raw = hashlib.sha256(raw).hexdigest().encode("ascii")
        return bcrypt.checkpw(raw[:_READS_BYTES], self.text.encode("ascii"))

    def refuse_above_ceiling(self) -> None:
        """Refuse what costs more than an import may bring in.

        Raises:
            CostTooHigh: above 2^14 rounds.
        """
        if self.rounds > CEILING_ROUNDS:
            raise CostTooHigh(f"bcrypt cost {self.rounds} is above the ceiling of {CEILING_ROUNDS}")


class Bcrypt:
    """Read `$2a$…`, `$2b$…`, `$2y$…` and Django's `bcrypt$…` and `bcrypt_sha256$…`.

    `$2x$` is left out: it marks hashes of a PHP release with a broken algorithm.
    """

    prefixes = ("$2a$", "$2b$", "$2y$", _PLAIN, _HASHED_FIRST)

    def read(self, stored: str) -> BcryptHash:
        """Take a stored bcrypt hash apart.

        Raises:
            UnknownHash: it is malformed.
        """
        text = stored.removeprefix(_PLAIN).removeprefix(_HASHED_FIRST)
        found = _STORED.fullmatch(text)
        if not found or not 4 <= int(found["rounds"]) <= 31:
            raise UnknownHash("the stored bcrypt hash is malformed")
        return BcryptHash(text, int(found["rounds"]), stored.startswith(_HASHED_FIRST))

    def decoy(self, label: str, noise: bytes) -> str | None:
        """Make a stored bcrypt hash of that label that no password matches."""
        found = _LABEL.fullmatch(label)
        if not found:
            return None
        letters = "".join(_ALPHABET[byte % 64] for byte in noise[:52])
        return f"$2b${int(found[1]):02d}${letters[:21]}.{letters[21:]}"
