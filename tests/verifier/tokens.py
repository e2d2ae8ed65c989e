"""Keys of every algorithm, and tokens made by hand, so that each part of one can be wrong."""

import hmac
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from coatcheck.verifier.algorithms import PublicKey, VerifyingKey, check_signature, secret_key, verifying_key
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.claims import AccessClaims, check_access
from coatcheck.verifier.jws import Algorithm, parse_jws
from coatcheck.verifier.principal import Principal

ISSUER = "https://auth.example.org/auth"
AUDIENCE = "https://notes.example.org"
NOW_S = 1_900_000_000
NOW = NOW_S * 1000
SECRET = b"a secret of thirty-two bytes ...."
PUBLISHED: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA")
ALGORITHMS: tuple[Algorithm, ...] = (*PUBLISHED, "HS256")


class Signer(NamedTuple):
    """Sign by one algorithm."""

    algorithm: Algorithm
    sign: Callable[[bytes], bytes]
    public: PublicKey | None

    @property
    def kid(self) -> str:
        """The key's name."""
        return f"key-{self.algorithm}"

    @property
    def key(self) -> VerifyingKey:
        """The key that checks what is signed."""
        if self.public is None:
            return secret_key(self.kid, SECRET)
        return verifying_key(self.kid, self.algorithm, self.public)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as it is published."""
        numbers = cast("Any", getattr(self.public, "public_numbers", lambda: None)())
        match self.algorithm:
            case "RS256" | "PS256":
                kind = {"kty": "RSA", "n": in_base64url(numbers.n), "e": in_base64url(numbers.e)}
            case "ES256":
                kind = {"kty": "EC", "crv": "P-256", "x": in_base64url(numbers.x, 32), "y": in_base64url(numbers.y, 32)}
            case _:
                raw = self.public.public_bytes_raw()  # type: ignore[union-attr]
                kind = {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(raw)}
        return {"kid": self.kid, "alg": self.algorithm, "use": "sig", **kind}


def in_base64url(number: int, length: int | None = None) -> str:
    """Write a number as JWK does."""
    return encode_base64url(number.to_bytes(length or (number.bit_length() + 7) // 8))


@lru_cache
def signer(algorithm: Algorithm) -> Signer:
    """Make one signer for each algorithm, once."""
    match algorithm:
        case "RS256":
            rsa = new_rsa_key(65537, 2048)
            return Signer(algorithm, lambda signed: rsa.sign(signed, PKCS1v15(), SHA256()), rsa.public_key())
        case "PS256":
            pss = new_rsa_key(65537, 2048)
            return Signer(algorithm, lambda it: pss.sign(it, PSS(MGF1(SHA256()), 32), SHA256()), pss.public_key())
        case "ES256":
            ec = new_ec_key(SECP256R1())
            return Signer(algorithm, lambda signed: raw_of(ec.sign(signed, ECDSA(SHA256()))), ec.public_key())
        case "EdDSA":
            edwards = Ed25519PrivateKey.generate()
            return Signer(algorithm, edwards.sign, edwards.public_key())
        case "HS256":
            return Signer(algorithm, lambda signed: hmac.digest(SECRET, signed, "sha256"), None)


def raw_of(der: bytes) -> bytes:
    """Turn a signature of OpenSSL into the one of JOSE (RFC 7518 section 3.4)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good access token; None takes one away."""
    good = {
        "iss": ISSUER,
        "sub": "acc_anna",
        "aud": AUDIENCE,
        "client_id": "first-party",
        "exp": NOW_S + 900,
        "iat": NOW_S,
        "jti": "tok_1",
        "scope": "notes:read notes:write",
        "roles": ["editor"],
        "sid": "ses_1",
        "acr": "aal1",
        "amr": ["pwd"],
        "auth_time": NOW_S - 60,
        "status": {"status_list": {"idx": 41, "uri": f"{ISSUER}/status/7"}},
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def header(by: Signer, **changes: Any) -> dict[str, Any]:
    """Give the header of a good access token; None takes a member away."""
    good = {"alg": by.algorithm, "kid": by.kid, "typ": "at+jwt"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def as_json(members: Mapping[str, Any]) -> bytes:
    """Write an object as our issuer does."""
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


Part: TypeAlias = Mapping[str, Any] | bytes | None


def token(by: Signer, head: Part = None, payload: Part = None) -> str:
    """Sign a header and a payload, each good unless it is given."""
    head = header(by) if head is None else head
    payload = claims() if payload is None else payload
    parts = [part if isinstance(part, bytes) else as_json(part) for part in (head, payload)]
    return seal(by, ".".join(encode_base64url(part) for part in parts))


def seal(by: Signer, signed: str) -> str:
    """Sign the first two parts of a token."""
    return f"{signed}.{encode_base64url(by.sign(signed.encode()))}"


def open_token(text: str, *keys: VerifyingKey, **how: Any) -> AccessClaims:
    """Check a token as a verifier does.

    Raises:
        TokenRefused: it is not good.
    """
    jws = parse_jws(text)
    by_kid = {key.kid: key for key in keys}
    check_signature(jws, by_kid[jws.kid or ""])
    return check_access(jws, **{"issuer": ISSUER, "audience": AUDIENCE, "now": NOW, **how})


def principal(**changes: Any) -> Principal:
    """Make a principal."""
    return Principal(**{"subject": "acc_anna", **changes})
