"""Keys as they are published (JWK): read strictly, each for one algorithm."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from coatcheck.verifier.algorithms import PublicKey, VerifyingKey, verifying_key
from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from coatcheck.verifier.strict_json import read_object

LONGEST_KEY_SET = 65_536
MOST_KEYS = 50
_LONGEST_KID = 200
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_NAMED_BY = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_KINDS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}


def keys_of(raw: bytes) -> dict[str, VerifyingKey]:
    """Read a key set (JWKS) into its keys by `kid`; one bad key refuses them all.

    Args:
        raw: the JSON document, 64 KiB at most.

    Raises:
        ValueError: it is no key set, names a `kid` twice, holds a private key, a weak one, or one without an algorithm.

    See: RFC 7517 section 5; RFC 8725 section 3.5.
    """
    if len(raw) > LONGEST_KEY_SET:
        raise ValueError("the key set is longer than 64 KiB")
    listed = read_object(raw).get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError("no list of keys, or too many")
    if not all(isinstance(jwk, dict) for jwk in listed):
        raise ValueError("a key is no object")
    keys = [key_of(jwk) for jwk in listed]
    by_kid = {key.kid: key for key in keys}
    if len(by_kid) != len(keys):
        raise ValueError("two keys have one kid")
    return by_kid


def key_of(jwk: Mapping[str, Any]) -> VerifyingKey:
    """Read one public key.

    Raises:
        ValueError: it is private, weak, for another use, or does not say its `kid` and `alg`.

    See: RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2.
    """
    if _PRIVATE & jwk.keys():
        raise ValueError("a private key among the public ones")
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_KID:
        raise ValueError("a key without a kid")
    if algorithm not in ("RS256", "PS256", "ES256", "EdDSA"):
        raise ValueError("a key without an algorithm that is known here")
    if (jwk.get("kty"), jwk.get("crv")) != _KINDS[algorithm]:
        raise ValueError(f"the kind of a key does not fit {algorithm}")
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise ValueError("a key for another use than checking signatures")
    return verifying_key(kid, algorithm, _public(jwk))


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Give a public key's name that follows from the key alone, for a key that `key_of` takes.

    Raises:
        ValueError: it is of a kind that is not known here, or lacks a member.

    See: RFC 7638 section 3.
    """
    names = _NAMED_BY.get(str(jwk.get("kty")))
    if names is None or not all(isinstance(jwk.get(name), str) for name in names):
        raise ValueError("a key of an unknown kind, or one that lacks a member")
    return encode_base64url(sha256(msgspec.json.encode({name: jwk[name] for name in names})).digest())


def _public(jwk: Mapping[str, Any]) -> PublicKey:
    match jwk["kty"]:
        case "RSA":
            return RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
        case "EC":
            x, y = (int.from_bytes(_bytes(jwk, name, 32)) for name in ("x", "y"))
            return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()  # refuses a point off the curve
        case _:
            return Ed25519PublicKey.from_public_bytes(_bytes(jwk, "x", 32))


def _number(jwk: Mapping[str, Any], name: str) -> int:
    raw = _bytes(jwk, name)
    if raw[0] == 0:  # RFC 7518 section 6.3.1: the shortest text of the number
        raise ValueError(f"{name} begins with a zero")
    return int.from_bytes(raw)


def _bytes(jwk: Mapping[str, Any], name: str, length: int | None = None) -> bytes:
    text = jwk.get(name)
    raw = decode_base64url(text) if isinstance(text, str) else b""
    if not raw or len(raw) != (length or len(raw)):
        raise ValueError(f"{name} is missing, or of the wrong length")
    return raw
