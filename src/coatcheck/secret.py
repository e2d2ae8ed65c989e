"""Randomness, ids, hashed secrets and the master-key ring: the only place that draws random values."""

import hashlib
import hmac
import random
import secrets
import zlib
from functools import lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

_SECRET_BYTES = 24  # 192 bits; the floor for a secret stored as a plain hash is 128
_SEALED_FORMAT = b"\x01"
_BASE32_OF_LOW_BITS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Secret:
    """Carry a secret string without ever showing it: `repr` and `str` hide it, `reveal()` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the secret itself, to be sent to its owner."""
        return self._value

    def hashed(self) -> bytes:
        """Give what may be stored of it."""
        return hash_secret(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))


class Veiled(Struct, frozen=True):
    """Hold fields of which `repr` leaves out those that a class names in `veils`, so that no log shows them."""

    veils: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.veils)
        return f"{type(self).__name__}({', '.join(shown)})"


def new_secret() -> Secret:
    """Draw a secret of 192 random bits as 32 URL-safe characters."""
    return Secret(secrets.token_urlsafe(_SECRET_BYTES))


def new_short_secret() -> Secret:
    """Draw a secret of 128 random bits as 22 URL-safe characters: for where it travels together with another."""
    return Secret(secrets.token_urlsafe(16))


def checksum(body: str) -> str:
    """Write a CRC-32 as six digits of base 36, to end a secret with: against slips and false alarms, not forgers.

    By it a scanner of source code tells a leaked secret from a word that looks like one, without asking us.
    """
    number, digits = zlib.crc32(body.encode()) % 36**6, ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def hash_secret(value: str) -> bytes:
    """Hash a random secret of 128 bits or more for storage.

    A plain SHA-256 is enough for values nobody can guess; short codes go through `KeyRing.mac` instead.

    See: ASVS 6.5.2, 7.2.3.
    """
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def new_id(prefix: str) -> str:
    """Draw an id such as `acc_…`: the prefix and 26 lower-case base-32 characters of five random bits each."""
    return prefix + secrets.token_bytes(26).translate(_BASE32_OF_LOW_BITS).decode()


def new_request_id() -> str:
    """Draw a name for one request: enough to tell requests apart in logs, and no secret.

    Every request draws one, so it comes from a generator in memory (which a forked process seeds anew), not from the
    system.
    """
    return f"req_{random.getrandbits(80):020x}"


def random_bytes(count: int) -> bytes:
    """Draw `count` random bytes."""
    return secrets.token_bytes(count)


def random_number(below: int) -> int:
    """Draw a number from 0 up to, not including, `below`."""
    return secrets.randbelow(below)


class CannotUnseal(Exception):
    """Say that a sealed value was changed, moved to another place, or sealed under a key that is not in the ring."""


class KeyRing(Struct, frozen=True):
    """Derive every key from the master keys by HKDF-SHA256, one label each; seal and unseal stored values.

    Args:
        masters: 32-byte master keys, the current one first; the others only unseal and
            find.

    Raises:
        ValueError: there is no master key, or one is not 32 bytes.

    See: RFC 5869; ASVS 11.2.
    """

    masters: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.masters or any(len(master) != 32 for master in self.masters):
            raise ValueError("a master key must be 32 bytes: make one with `coatcheck init`")

    def __repr__(self) -> str:
        return f"KeyRing({len(self.masters)} keys)"

    def key(self, label: str) -> bytes:
        """Give the 32-byte key for a label, from the current master."""
        return _derive(self.masters[0], label)

    def mac(self, label: str, *parts: str | bytes) -> bytes:
        """Give a keyed hash of the parts, each length-prefixed so that no two lists collide."""
        return _mac(self.key(label), parts)

    def macs(self, label: str, *parts: str | bytes) -> list[bytes]:
        """Give the keyed hash under each master, so that what was stored under a former one is still found."""
        return [_mac(_derive(master, label), parts) for master in self.masters]

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Encrypt a value for one place (`table.column:id`); only there can it be unsealed.

        See: ASVS 11.3.2 (AES-GCM).
        """
        master = self.masters[0]
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(_derive(master, "seal")).encrypt(nonce, plain, place.encode())
        return _SEALED_FORMAT + _version(master) + nonce + sealed

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt a value sealed for this place.

        Raises:
            CannotUnseal: it was changed, belongs elsewhere, or its master key is not in the ring.
        """
        version, nonce, body = sealed[1:5], sealed[5:17], sealed[17:]
        for master in self.masters:
            if sealed[:1] == _SEALED_FORMAT and _version(master) == version:
                try:
                    return AESGCM(_derive(master, "seal")).decrypt(nonce, body, place.encode())
                except InvalidTag:
                    break
        raise CannotUnseal(f"a sealed value for {place} cannot be read")


def seal_under(secret: str, plain: bytes, *, place: str) -> bytes:
    """Encrypt a value so that only whoever has a secret of 128 random bits or more can read it; we do not keep that.

    Args:
        place: where the sealed value belongs; anywhere else it cannot be read.

    See: RFC 5869 (the key), ASVS 11.3.2 (AES-GCM).
    """
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(_under(secret)).encrypt(nonce, plain, place.encode())


def unseal_under(secret: str, sealed: bytes, *, place: str) -> bytes:
    """Decrypt what was sealed under a secret.

    Raises:
        CannotUnseal: it was changed, belongs elsewhere, or was sealed under another secret.
    """
    try:
        return AESGCM(_under(secret)).decrypt(sealed[:12], sealed[12:], place.encode())
    except (InvalidTag, ValueError):
        raise CannotUnseal(f"a value sealed for {place} cannot be read") from None


def same(left: bytes | str, right: bytes | str) -> bool:
    """Compare two secrets in constant time."""
    as_bytes = [value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value for value in (left, right)]
    return hmac.compare_digest(*as_bytes)


@lru_cache(maxsize=128)
def _derive(master: bytes, label: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=b"coatcheck", info=label.encode()).derive(master)


def _under(secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=b"coatcheck", info=b"sealed under").derive(secret.encode())


def _version(master: bytes) -> bytes:
    return _derive(master, "version")[:4]


def _mac(key: bytes, parts: tuple[str | bytes, ...]) -> bytes:
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()
