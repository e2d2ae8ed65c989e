"""Ed25519 by libsodium if PyNaCl is there, else by OpenSSL, which takes twice as long. The verdicts are the same."""

import importlib
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Check: TypeAlias = Callable[[bytes, bytes], bool]


def by_openssl(public: bytes) -> Check:
    """Give OpenSSL's check of a signature (first) over the signed bytes (second).

    Args:
        public: the key's 32 bytes.
    """
    key = Ed25519PublicKey.from_public_bytes(public)

    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    return verify


@cache
def fastest() -> Callable[[bytes], Check]:
    """Give the faster of the two that is installed; libsodium is loaded when the first key of this kind is made."""
    try:
        sodium = importlib.import_module("coatcheck.verifier.sodium")
    except ImportError:  # `coatcheck[fast]` brings it
        return by_openssl
    by_sodium: Callable[[bytes], Check] = sodium.by_sodium
    return by_sodium


_PRIME = 2**255 - 19
_SIGN = 1 << 255
_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL = {0, 1, _PRIME - 1, _OF_ORDER_8, _PRIME - _OF_ORDER_8}
# The points whose order divides 8. A signature with one of them as key or as R can be right though nobody made it, and
# libsodium refuses what OpenSSL takes.
SMALL_POINTS = frozenset((y | sign).to_bytes(32, "little") for y in _SMALL for sign in (0, _SIGN))


def ed25519_check(public: bytes, by: Callable[[bytes], Check] | None = None) -> Check:
    """Give the function that tells whether a signature (first) is a key's over the signed bytes (second).

    Args:
        public: the key's 32 bytes.
        by: the library that computes; the fastest when left out.

    Raises:
        ValueError: the bytes are not the canonical text of a point, or of one that makes forging easy.

    See: RFC 8032 section 5.1.7; RFC 8725 section 3.4.
    """
    if len(public) != 32 or int.from_bytes(public, "little") % _SIGN >= _PRIME or public in SMALL_POINTS:
        raise ValueError("no Ed25519 key, or a weak one")
    is_right = (by or fastest())(public)

    def verify(signature: bytes, signed: bytes) -> bool:
        return len(signature) == 64 and signature[:32] not in SMALL_POINTS and is_right(signature, signed)

    return verify
