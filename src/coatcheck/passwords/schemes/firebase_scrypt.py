"""Firebase's scrypt of imports: verified, then replaced by argon2id at the first sign-in.

Firebase stretches a password with scrypt and encrypts a key of the whole project, the signer key, under what comes out
(AES-256 in counter mode). The ciphertext is its hash. Counter mode adds a key stream to a text, so whoever has the
signer key once, at the import, takes it off each hash again, and the key stream that is left proves the password just
as well. That alone is kept here: a signer key that is nowhere cannot leak, and no sign-in needs it.

What is given up: to Firebase the signer key is a pepper, without which a copy of the hashes proves no guess. It is a
weak one, as it is the same for all: an own account there, whose password one knows, and the copy give it away. From
the import to the first sign-in these hashes are like any other scrypt hash, and no weaker.
"""

import hmac
import re
from typing import ClassVar, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from coatcheck.passwords.schemes.scheme import Cost, UnknownHash, base64, number, unbase64
from coatcheck.passwords.schemes.scrypt import ScryptHash, scrypt_hash
from coatcheck.secret import Veiled

_KEY_BYTES: Final = 32
_CHECK_BYTES: Final = 32
_SALT_BYTES: Final = 16
_LABEL = re.compile(r"firebase-scrypt\$(ln=\d+,r=\d+,p=\d+)", re.ASCII)
_STORED = re.compile(
    r"\$firebase-scrypt\$ln=(?P<ln>\d+),r=(?P<r>\d+),p=(?P<p>\d+)\$(?P<salt>[^$]*)\$(?P<check>[^$]+)", re.ASCII
)


class FirebaseHash(Veiled, frozen=True):
    """A stored hash of Firebase, taken apart.

    Args:
        stretch: what derives the AES key.
        check: the first 32 bytes of the key stream.
    """

    veils: ClassVar = frozenset({"check"})

    stretch: ScryptHash
    check: bytes

    @property
    def label(self) -> str:
        """Everything that decides how long a verification takes."""
        return f"firebase-{self.stretch.label}"

    @property
    def cost(self) -> Cost:
        """What one verification takes while it runs."""
        return self.stretch.cost

    def verify(self, password: str) -> bool:
        """Say whether the password is the one hashed, comparing in constant time."""
        return hmac.compare_digest(_key_stream(self.stretch.derive(password)), self.check)

    def refuse_above_ceiling(self) -> None:
        """Refuse what costs more than an import may bring in; the ceilings are scrypt's.

        Raises:
            CostTooHigh: above 256 MiB, or 1 GiB of work over all of `p`.
        """
        self.stretch.refuse_above_ceiling()


class FirebaseScrypt:
    """Read `$firebase-scrypt$ln=…,r=…,p=…$salt$check`, a format of our own: Firebase's takes the signer key along."""

    prefixes = ("$firebase-scrypt$",)

    def read(self, stored: str) -> FirebaseHash:
        """Take a stored hash apart.

        Raises:
            UnknownHash: it is malformed.
        """
        found = _STORED.fullmatch(stored)
        if not found:
            raise UnknownHash("the stored Firebase hash is malformed")
        salt, check = (unbase64(found[name], padded=False) for name in ("salt", "check"))
        if len(check) != _CHECK_BYTES:
            raise UnknownHash("the stored Firebase hash has a check of impossible length")
        log_n, r, p = (number(found[name]) for name in ("ln", "r", "p"))
        return FirebaseHash(_stretch(log_n, r, p, salt), check)

    def decoy(self, label: str, noise: bytes) -> str | None:
        """Make a stored Firebase hash of that label that no password matches."""
        found = _LABEL.fullmatch(label)
        if not found:
            return None
        salt, check = noise[:_SALT_BYTES], noise[_SALT_BYTES : _SALT_BYTES + _CHECK_BYTES]
        return f"${label}${base64(salt, padded=False)}${base64(check, padded=False)}"


def spell_firebase(*, hashed: bytes, salt: bytes, signer_key: bytes, mem_cost: int, rounds: int, lanes: int = 1) -> str:
    """Write a hash of Firebase as it is read here, the signer key taken off it.

    Args:
        hashed: the account's `passwordHash`.
        salt: the account's salt, then the project's salt separator.
        signer_key: the project's, of 32 bytes and more.
        mem_cost: the power of two of scrypt's N.
        rounds: scrypt's block size r.
        lanes: scrypt's p; Firebase's own is 1.

    Raises:
        UnknownHash: the hash is not as long as the signer key, or has impossible parameters.
    """
    if len(hashed) != len(signer_key) or len(hashed) < _CHECK_BYTES:
        raise UnknownHash("the Firebase hash is not as long as the signer key, so it was made with another")
    check = bytes(left ^ right for left, right in zip(hashed, signer_key, strict=True))[:_CHECK_BYTES]
    label = FirebaseHash(_stretch(mem_cost, rounds, lanes, salt), check).label
    return f"${label}${base64(salt, padded=False)}${base64(check, padded=False)}"


def _stretch(log_n: int, r: int, p: int, salt: bytes) -> ScryptHash:
    return scrypt_hash(log_n, r, p, salt, bytes(_KEY_BYTES))


def _key_stream(key: bytes) -> bytes:
    # Each key encrypts one text, so the counter may begin at nothing, as Firebase has it.
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(bytes(_CHECK_BYTES))
