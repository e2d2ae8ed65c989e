"""The keys that check signatures. Each has one algorithm: it is never the token that picks one."""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from coatcheck.errors import TokenRefused
from coatcheck.verifier.der import der_of
from coatcheck.verifier.ed25519 import ed25519_check
from coatcheck.verifier.jws import Algorithm, Jws, KnownHeaders

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
Check: TypeAlias = Callable[[bytes, bytes], bool]

SHORTEST_RSA_BITS = 2048
LONGEST_RSA_BITS = 8192
SHORTEST_SECRET = 32
_SHA256 = SHA256()
_ECDSA = ECDSA(Prehashed(_SHA256))
_PKCS1 = PKCS1v15()
_PSS = PSS(MGF1(_SHA256), salt_length=32)
_ZERO = bytes(32)
_ORDER_OF_P256 = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


class VerifyingKey:
    """Check signatures by the one algorithm that this key is for.

    Make it by `verifying_key` or `secret_key`, never by hand.
    """

    __slots__ = ("algorithm", "kid", "verify")

    def __init__(self, kid: str, algorithm: Algorithm, verify: Check) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.verify = verify
        """Tell whether a signature (first) is this key's over the signed bytes (second)."""

    def __repr__(self) -> str:
        return f"VerifyingKey({self.kid}, {self.algorithm})"


def verifying_key(kid: str, algorithm: Algorithm, public: PublicKey) -> VerifyingKey:
    """Make the key that checks what a private key has signed.

    Args:
        kid: its name; a token must give the same.
        algorithm: the one that it is for.
        public: of the kind and size that the algorithm needs.

    Raises:
        ValueError: the key does not fit the algorithm, or is weak.

    See: RFC 8725 sections 3.1 and 3.5; RFC 7518 sections 3.3 to 3.5; RFC 8037 section 3.1.
    """
    match algorithm, public:
        case "RS256", RSAPublicKey():
            return VerifyingKey(kid, algorithm, _pkcs1(public, _length_of(public)))
        case "PS256", RSAPublicKey():
            return VerifyingKey(kid, algorithm, _pss(public, _length_of(public)))
        case "ES256", EllipticCurvePublicKey(curve=SECP256R1()):
            return VerifyingKey(kid, algorithm, _ecdsa(public))
        case "EdDSA", Ed25519PublicKey():
            return VerifyingKey(kid, algorithm, ed25519_check(public.public_bytes_raw()))
        case _:
            raise ValueError(f"a key of another kind than {algorithm} needs")


def secret_key(kid: str, secret: bytes) -> VerifyingKey:
    """Make an HS256 key, for where the one who signs also checks. It never comes from a key set.

    Args:
        kid: its name.
        secret: random, 32 bytes at least.

    Raises:
        ValueError: the secret is shorter.

    See: RFC 7518 section 3.2.
    """
    if len(secret) < SHORTEST_SECRET:
        raise ValueError("an HS256 secret needs 32 bytes")

    def verify(signature: bytes, signed: bytes) -> bool:
        return hmac.compare_digest(signature, hmac.digest(secret, signed, "sha256"))

    return VerifyingKey(kid, "HS256", verify)


def check_signature(jws: Jws, key: VerifyingKey, known: KnownHeaders | None = None) -> None:
    """Refuse a token that is not signed by a key, by that key's algorithm.

    Args:
        jws: the token.
        key: the one that is kept under the token's `kid`.
        known: keeps the header of a token that is signed right.

    Raises:
        TokenRefused: it is not.
    """
    if jws.algorithm != key.algorithm or jws.kid != key.kid:
        raise TokenRefused(f"the token says {jws.algorithm}, its key is for {key.algorithm}")
    if not key.verify(jws.signature, jws.signed):
        raise TokenRefused("the token's signature is wrong")
    if known is not None and known.get(jws.segment) is None:
        known.keep(jws)


def _length_of(public: RSAPublicKey) -> int:
    """Give how many bytes a signature has, of a key that is neither weak nor slow."""
    bits, exponent = public.key_size, public.public_numbers().e
    # A long modulus or exponent makes each check slow: no key of ours has one.
    if not SHORTEST_RSA_BITS <= bits <= LONGEST_RSA_BITS or exponent < 65537 or exponent % 2 == 0 or exponent >> 32:
        raise ValueError("an RSA key needs 2048 to 8192 bits and an odd exponent of 65537 or more")
    return (bits + 7) // 8


def _pkcs1(public: RSAPublicKey, length: int) -> Check:
    def verify(signature: bytes, signed: bytes) -> bool:
        if len(signature) != length:
            return False
        try:
            # The same check of padding and DigestInfo as `public.verify`, 0.7 µs faster with hashlib's digest.
            return public.recover_data_from_signature(signature, _PKCS1, _SHA256) == sha256(signed).digest()
        except InvalidSignature:
            return False

    return verify


def _pss(public: RSAPublicKey, length: int) -> Check:
    def verify(signature: bytes, signed: bytes) -> bool:
        if len(signature) != length:
            return False
        try:
            public.verify(signature, signed, _PSS, _SHA256)
        except InvalidSignature:
            return False
        return True

    return verify


def _ecdsa(public: EllipticCurvePublicKey) -> Check:
    def verify(signature: bytes, signed: bytes) -> bool:
        r, s = signature[:32], signature[32:]
        # As texts of one length compare like numbers: both must be 1 to n-1 (SEC 1 section 4.1.4, step 1).
        if len(signature) != 64 or not _ZERO < r < _ORDER_OF_P256 or not _ZERO < s < _ORDER_OF_P256:
            return False
        try:
            public.verify(der_of(r, s), sha256(signed).digest(), _ECDSA)  # hashlib's digest is 1 µs faster
        except InvalidSignature:
            return False
        return True

    return verify
