"""Tokens that no right server takes, each made the way an attack makes them.

See: RFC 8725 (JSON Web Token Best Current Practices); RFC 7515 section 10.
"""

import hmac
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coatcheck.doctor.outside.target import Target
from coatcheck.verifier.canonical import decode_base64url, encode_base64url

TYPE: Final = "at+jwt"
Claims: TypeAlias = Mapping[str, Any]


class Forgery(msgspec.Struct, frozen=True):
    """Hold a token that must be refused.

    Args:
        how: it was made, as a sentence goes on.
        token: the whole of it; with the claims of a session it is worth what that is, where it is taken.
    """

    how: str
    token: str

    def __repr__(self) -> str:
        return f"Forgery({self.how})"


def made_up(target: Target, now_s: int) -> dict[str, Any]:
    """Give claims as the server would write them, of nobody."""
    return {
        "iss": target.url,
        "aud": target.url,
        "sub": "acc_" + "a" * 26,
        "sid": "ses_" + "a" * 26,
        "client_id": "first-party",
        "jti": "a" * 22,
        "iat": now_s,
        "exp": now_s + 300,
        "auth_time": now_s,
        "acr": "aal1",
        "amr": ["pwd"],
        "status": {"status_list": {"idx": 0, "uri": f"{target.url}/status/1"}},
    }


def unsigned(claims: Claims, kid: str) -> list[Forgery]:
    """Make tokens that say that they need no signature."""
    return [
        Forgery(f'has alg "{name}" and no signature', _joined({"alg": name, "typ": TYPE, "kid": kid}, claims, b""))
        for name in ("none", "None", "nOnE", "")
    ]


def confused(claims: Claims, jwks: list[dict[str, Any]]) -> list[Forgery]:
    """Make tokens whose HMAC is made under a public key, as if that were a shared secret."""
    forged = []
    for key in jwks[:4]:
        header = {"alg": "HS256", "typ": TYPE, "kid": key.get("kid", "")}
        forged += [
            Forgery("is HS256 under the public key", _hmac(header, claims, secret)) for secret in _spellings(key)
        ]
    return forged


def by_own_key(claims: Claims, kid: str, target: Target) -> list[Forgery]:
    """Make tokens signed by a key of our own that the header brings along, or says where to fetch.

    What is named to be fetched from is the very host that is examined: no other is to hear of this.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    own = {
        "kty": "EC",
        "crv": "P-256",
        "x": encode_base64url(numbers.x.to_bytes(32, "big")),
        "y": encode_base64url(numbers.y.to_bytes(32, "big")),
    }
    headers: list[tuple[str, dict[str, Any]]] = [
        ("brings its key along (jwk)", {"jwk": own}),
        ("says where its key is (jku)", {"jku": f"{target.url}/no-such-keys.json"}),
        ("is signed by another key, under the name of ours", {}),
    ]
    return [
        Forgery(how, _es256({"alg": "ES256", "typ": TYPE, "kid": kid, **more}, claims, key)) for how, more in headers
    ]


def by_named_file(claims: Claims) -> list[Forgery]:
    """Make tokens whose `kid` leads to a key that everybody knows: an empty file, a row that a query makes up."""
    names = ("../../../../../../dev/null", "/dev/null", "' UNION SELECT '' -- ", "")
    return [
        Forgery(
            f"has the kid {name!r} and an HMAC under nothing",
            _hmac({"alg": "HS256", "typ": TYPE, "kid": name}, claims, b""),
        )
        for name in names
    ]


def tampered(token: str, claims: Claims) -> list[Forgery]:
    """Make tokens of one that is right, whose signature is not that of what they say."""
    head, body, signature = token.split(".")
    later = _part({**claims, "exp": int(claims.get("exp", 0)) + 60})
    broken = encode_base64url(bytes(byte ^ 1 for byte in decode_base64url(signature)))
    return [
        Forgery("says something else under the old signature", f"{head}.{later}.{signature}"),
        Forgery("has no signature", f"{head}.{body}."),
        Forgery("has another signature", f"{head}.{body}.{broken}"),
    ]


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read header and claims of a token, unchecked.

    Raises:
        ValueError: it is none.
    """
    head, body, _ = token.split(".")
    try:
        read = [msgspec.json.decode(decode_base64url(part)) for part in (head, body)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return read[0], read[1]


def _spellings(key: Mapping[str, Any]) -> list[bytes]:
    """Give a public key in the spellings in which a careless server holds it."""
    spelled = [msgspec.json.encode(key)]
    if key.get("kty") == "RSA":
        try:
            e, n = (int.from_bytes(decode_base64url(str(key[member])), "big") for member in ("e", "n"))
            public = RSAPublicNumbers(e, n).public_key()
        except (KeyError, ValueError):
            return spelled
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        spelled += [pem, pem.rstrip(b"\n"), der, str(key["n"]).encode()]
    return spelled


def _hmac(header: Mapping[str, Any], claims: Claims, secret: bytes) -> str:
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{encode_base64url(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _es256(header: Mapping[str, Any], claims: Claims, key: ec.EllipticCurvePrivateKey) -> str:
    signed = f"{_part(header)}.{_part(claims)}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{encode_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _joined(header: Mapping[str, Any], claims: Claims, signature: bytes) -> str:
    return f"{_part(header)}.{_part(claims)}.{encode_base64url(signature)}"


def _part(words: Mapping[str, Any]) -> str:
    return encode_base64url(msgspec.json.encode(words))
