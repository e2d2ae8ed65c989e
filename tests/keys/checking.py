"""Check signatures as a stranger would: with `cryptography`, from what the public set says and nothing else."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def parts_of(token: str) -> tuple[dict[str, str], bytes, bytes, bytes]:
    """Take a token apart: its header, its payload, what was signed, the signature."""
    header, payload, signature = token.split(".")
    return (
        msgspec.json.decode(raw(header), type=dict[str, str]),
        raw(payload),
        f"{header}.{payload}".encode(),
        raw(signature),
    )


def is_good(jwk: Mapping[str, str], signature: bytes, signed: bytes) -> bool:
    """Tell whether a signature is one of the key that a JWK describes."""
    try:
        _check(jwk, signature, signed)
    except InvalidSignature:
        return False
    return True


def is_good_mac(secret: bytes, signature: bytes, signed: bytes) -> bool:
    """Tell whether a signature was made with a shared secret."""
    return hmac.compare_digest(signature, hmac.new(secret, signed, hashlib.sha256).digest())


def raw(text: str) -> bytes:
    """Read base64url without padding."""
    assert "=" not in text
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)


def number(text: str) -> int:
    """Read a number of a JWK."""
    return int.from_bytes(raw(text), "big")


def _check(jwk: Mapping[str, str], signature: bytes, signed: bytes) -> None:
    match jwk["alg"]:
        case "RS256":
            _rsa(jwk).verify(signature, signed, PKCS1v15(), SHA256())
        case "PS256":
            _rsa(jwk).verify(signature, signed, PSS(MGF1(SHA256()), salt_length=32), SHA256())
        case "ES256":
            assert len(signature) == 64
            der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            assert (jwk["kty"], jwk["crv"], len(raw(jwk["x"])), len(raw(jwk["y"]))) == ("EC", "P-256", 32, 32)
            public = EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), SECP256R1()).public_key()
            public.verify(der, signed, ECDSA(SHA256()))
        case "EdDSA":
            assert (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")
            Ed25519PublicKey.from_public_bytes(raw(jwk["x"])).verify(signature, signed)
        case other:
            raise AssertionError(f"no public key is for {other}")


def _rsa(jwk: Mapping[str, str]) -> RSAPublicKey:
    assert jwk["kty"] == "RSA"
    public = RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
    assert (public.key_size, number(jwk["e"])) == (2048, 65537)
    return public
