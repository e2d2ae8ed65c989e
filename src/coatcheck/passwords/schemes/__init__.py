"""The table of password hash schemes, and what may be asked of any stored hash."""

from typing import Final

from coatcheck.passwords.schemes.argon2id import Argon2, decoy_argon2, hash_argon2id, label_of
from coatcheck.passwords.schemes.bcrypt import Bcrypt
from coatcheck.passwords.schemes.firebase_scrypt import FirebaseScrypt
from coatcheck.passwords.schemes.pbkdf2 import Pbkdf2
from coatcheck.passwords.schemes.scheme import Cost, CostTooHigh, Scheme, StoredHash, UnknownHash
from coatcheck.passwords.schemes.scrypt import Scrypt
from coatcheck.secret import random_bytes
from coatcheck.settings.passwords import PasswordSettings

__all__ = [
    "SCHEMES",
    "Cost",
    "CostTooHigh",
    "StoredHash",
    "UnknownHash",
    "cost_today",
    "decoy",
    "decoy_of_today",
    "hash_today",
    "label",
    "label_today",
    "needs_upgrade",
    "read",
    "recognises",
    "refuse_above_ceiling",
]

SCHEMES: Final[tuple[Scheme, ...]] = (Argon2(), Bcrypt(), Pbkdf2(), Scrypt(), FirebaseScrypt())
_LONGEST_STORED: Final = 512


def recognises(stored: str) -> bool:
    """Say whether a stored hash begins like one of a scheme we read; it may still be malformed."""
    return any(stored.startswith(scheme.prefixes) for scheme in SCHEMES)


def read(stored: str) -> StoredHash:
    """Take a stored hash apart.

    Args:
        stored: the text as it stands in the database or an import.

    Raises:
        UnknownHash: no scheme reads it, or it is malformed.
    """
    if len(stored) > _LONGEST_STORED or not stored.isprintable():  # as no database keeps NUL, or half a character
        raise UnknownHash("the stored hash is too long to be one, or has what cannot be printed")
    for scheme in SCHEMES:
        if stored.startswith(scheme.prefixes):
            return scheme.read(stored)
    raise UnknownHash("the stored hash is of no scheme we read")


def label(stored: str) -> str:
    """Give the word for scheme and cost of a stored hash, such as `bcrypt$12`, for the census of decoys.

    Raises:
        UnknownHash: no scheme reads it, or it is malformed.
    """
    return read(stored).label


def refuse_above_ceiling(stored: str) -> None:
    """Refuse an imported hash that would cost too much at every sign-in.

    The ceilings: argon2 and scrypt 256 MiB (and four times that in all passes), bcrypt 14, PBKDF2 2,000,000.

    Raises:
        CostTooHigh: it costs more.
        UnknownHash: no scheme reads it, or it is malformed.
    """
    read(stored).refuse_above_ceiling()


def needs_upgrade(stored: str, settings: PasswordSettings) -> bool:
    """Say whether a stored hash is of another scheme or cost than today's settings make.

    Raises:
        UnknownHash: no scheme reads it, or it is malformed.
    """
    return label(stored) != label_today(settings)


def label_today(settings: PasswordSettings) -> str:
    """Give the label of the hashes that today's settings make."""
    return label_of(memory_kib=settings.argon2_memory_kib, time=settings.argon2_time, lanes=settings.argon2_parallelism)


def cost_today(settings: PasswordSettings) -> Cost:
    """Give what hashing with today's settings takes while it runs."""
    return Cost(settings.argon2_memory_kib * 1024, settings.argon2_parallelism)


def hash_today(password: str, settings: PasswordSettings) -> str:
    """Hash a password with argon2id as today's settings say; blocks, so call it through the pool.

    Args:
        password: the password, after `rules.prepare`.
        settings: memory, passes and lanes.

    See: RFC 9106; NIST SP 800-63B-4 section 3.1.1.2; ASVS 11.4.2.
    """
    return hash_argon2id(
        password,
        salt=random_bytes(16),
        memory_kib=settings.argon2_memory_kib,
        time=settings.argon2_time,
        lanes=settings.argon2_parallelism,
    )


def decoy(wanted: str, noise: bytes) -> str | None:
    """Make a stored hash of a label that no password matches; None when no scheme knows the label.

    Args:
        wanted: a label, as `label` gives it.
        noise: 128 bytes nobody can guess, for salt and digest.
    """
    made = (scheme.decoy(wanted, noise) for scheme in SCHEMES)
    return next((stored for stored in made if stored is not None and _is_readable(stored)), None)


def decoy_of_today(settings: PasswordSettings, noise: bytes) -> str:
    """Make a stored hash of today's label that no password matches, from 128 bytes of noise."""
    return decoy_argon2(label_today(settings), noise)


def _is_readable(stored: str) -> bool:
    try:
        read(stored)
    except UnknownHash:
        return False
    return True
