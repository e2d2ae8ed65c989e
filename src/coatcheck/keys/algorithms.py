"""The signature algorithms: how each makes a private key, opens one, signs, and shows its public part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from pybase64 import urlsafe_b64encode

from coatcheck.secret import random_bytes

RSA_BITS: Final = 2048
_PSS: Final = PSS(MGF1(SHA256()), salt_length=32)

Public: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | bytes
"""What checks a signature; the bytes are HS256's secret, which is not public at all."""

_Private = TypeVar("_Private", RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)


class Signer(Protocol):
    """Sign with one private key by one algorithm."""

    public: Public
    jwk: Mapping[str, str] | None
    """The public part as JWK members of its kind (RFC 7518 section 6); None where there is nothing to publish."""

    def sign(self, signed: bytes) -> bytes:
        """Give the signature as JWS spells it."""
        ...


@dataclass(frozen=True)
class Algorithm:
    """Name what one algorithm does.

    Args:
        make: draws a private key, as bytes to be sealed.
        open: makes a signer of such bytes.
    """

    make: Callable[[], bytes]
    open: Callable[[bytes], Signer]


class _Rsa:
    def __init__(self, der: bytes) -> None:
        self._private = _loaded(der, RSAPrivateKey)
        self.public = self._private.public_key()
        numbers = self.public.public_numbers()
        self.jwk = {"kty": "RSA", "n": _number(numbers.n, RSA_BITS // 8), "e": _number(numbers.e, 3)}

    def sign(self, signed: bytes) -> bytes:
        return self._private.sign(signed, PKCS1v15(), SHA256())


class _Pss(_Rsa):
    def sign(self, signed: bytes) -> bytes:
        return self._private.sign(signed, _PSS, SHA256())


class _P256:
    def __init__(self, der: bytes) -> None:
        self._private = _loaded(der, EllipticCurvePrivateKey)
        self.public = self._private.public_key()
        numbers = self.public.public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}

    def sign(self, signed: bytes) -> bytes:
        # JWS wants r and s side by side, not the DER that everybody else speaks (RFC 7518 section 3.4).
        r, s = decode_dss_signature(self._private.sign(signed, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class _Ed25519:
    def __init__(self, der: bytes) -> None:
        self._private = _loaded(der, Ed25519PrivateKey)
        self.public = self._private.public_key()
        x = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(x)}
        self.sign = self._private.sign


class _SharedSecret:
    def __init__(self, secret: bytes) -> None:
        self.public = secret
        self.jwk = None

    def sign(self, signed: bytes) -> bytes:
        mac = HMAC(self.public, SHA256())
        mac.update(signed)
        return mac.finalize()


def base64url(raw: bytes) -> str:
    """Write bytes as base64url without padding.

    See: RFC 7515 section 2.
    """
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int, length: int) -> str:
    return base64url(value.to_bytes(length, "big"))


def _loaded(der: bytes, kind: type[_Private]) -> _Private:
    # The bytes come out of a seal that only we can make: checking the primes again would take 40 ms.
    private = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, kind):
        raise TypeError(f"a signing key is no {kind.__name__}")
    return private


def _der(private: RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
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
        "RS256": Algorithm(_make_rsa, _Rsa),
        "PS256": Algorithm(_make_rsa, _Pss),
        "ES256": Algorithm(_make_p256, _P256),
        "EdDSA": Algorithm(_make_ed25519, _Ed25519),
        "HS256": Algorithm(_make_shared_secret, _SharedSecret),
    }
)
"""By the name that stands in a token's `alg`.

See: RFC 7518 section 3.1, RFC 8037 section 3.1.
"""
