"""The signature algorithms: how each makes a private key, opens one, signs, and shows its public part."""

import hmac
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import ClassVar, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from msgspec import Struct
from pybase64 import urlsafe_b64encode

from coatcheck.secret import Veiled, random_bytes
from coatcheck.verifier.der import raw_of

RSA_BITS: Final = 2048
_PSS: Final = PSS(MGF1(SHA256()), salt_length=32)

Public: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | bytes
"""What checks a signature; the bytes are HS256's secret, which is not public at all."""

_Private: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


class Signer(Veiled, frozen=True, eq=False):
    """Hold one private key, opened.

    Args:
        sign: gives the signature as JWS spells it.
        public: what checks it.
        jwk: the public part as members of a JWK (RFC 7518 section 6); None where there is nothing to publish.
    """

    veils: ClassVar = frozenset({"sign", "public"})

    sign: Callable[[bytes], bytes]
    public: Public
    jwk: Mapping[str, str] | None


class Algorithm(Struct, frozen=True):
    """Name what one algorithm does.

    Args:
        make: draws a private key, as bytes to be sealed.
        open: makes a signer of such bytes; raises `TypeError` or `ValueError` for those of another algorithm.
    """

    make: Callable[[], bytes]
    open: Callable[[bytes], Signer]


def base64url(raw: bytes) -> str:
    """Write bytes as base64url without padding.

    See: RFC 7515 section 2.
    """
    return base64url_bytes(raw).decode()


def base64url_bytes(raw: bytes) -> bytes:
    """Write bytes as base64url without padding, for what is joined to bytes."""
    return urlsafe_b64encode(raw).rstrip(b"=")


def _number(value: int, length: int) -> str:
    return base64url(value.to_bytes(length, "big"))


def _open_rsa(der: bytes, padding: AsymmetricPadding) -> Signer:
    private = _load(der)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("this is no RSA key")
    public, hashed = private.public_key(), SHA256()
    numbers = public.public_numbers()
    jwk = {"kty": "RSA", "n": _number(numbers.n, RSA_BITS // 8), "e": _number(numbers.e, 3)}
    return Signer(lambda signed: private.sign(signed, padding, hashed), public, jwk)


def _open_p256(der: bytes) -> Signer:
    private = _load(der)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise TypeError("this is no key of an elliptic curve")
    public, ecdsa = private.public_key(), ec.ECDSA(Prehashed(SHA256()))
    numbers = public.public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}

    def sign(signed: bytes) -> bytes:
        # JWS wants r and s side by side, not the DER that everybody else speaks (RFC 7518 section 3.4).
        return raw_of(private.sign(sha256(signed).digest(), ecdsa))

    return Signer(sign, public, jwk)


def _open_ed25519(der: bytes) -> Signer:
    private = _load(der)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("this is no Ed25519 key")
    public = private.public_key()
    x = base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return Signer(private.sign, public, {"kty": "OKP", "crv": "Ed25519", "x": x})


def _open_shared_secret(secret: bytes) -> Signer:
    return Signer(lambda signed: hmac.digest(secret, signed, "sha256"), secret, None)


def _load(der: bytes) -> object:
    # The bytes come out of a seal that only we can make: checking the primes again would take 40 ms.
    return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def _der(private: _Private) -> bytes:
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _make_rsa() -> bytes:
    return _der(rsa.generate_private_key(65537, RSA_BITS))


def _make_p256() -> bytes:
    return _der(ec.generate_private_key(ec.SECP256R1()))


def _make_ed25519() -> bytes:
    return _der(Ed25519PrivateKey.generate())


def _make_shared_secret() -> bytes:
    return random_bytes(32)


ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        "RS256": Algorithm(_make_rsa, partial(_open_rsa, padding=PKCS1v15())),
        "PS256": Algorithm(_make_rsa, partial(_open_rsa, padding=_PSS)),
        "ES256": Algorithm(_make_p256, _open_p256),
        "EdDSA": Algorithm(_make_ed25519, _open_ed25519),
        "HS256": Algorithm(_make_shared_secret, _open_shared_secret),
    }
)
"""By the name that stands in a token's `alg`.

See: RFC 7518 section 3.1, RFC 8037 section 3.1.
"""
