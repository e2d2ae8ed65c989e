"""Public keys as operators hand them in: for one algorithm, under one name, and never the private half."""

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import ECKey, RSAKey

from coatcheck.clients.client_key import LONGEST, parse_client_key, read_client_key
from coatcheck.errors import BadInput
from coatcheck.verifier.canonical import encode_base64url
from tests.clients.machines import Signing


def plain(**members: Any) -> dict[str, Any]:
    jwk = {name: value for name, value in Signing().jwk.items() if name in ("kty", "crv", "x", "y")}
    return {**jwk, **members}


def kept(jwk: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(parse_client_key(json.dumps(jwk).encode()))
    return read


def test_what_is_missing_is_filled_in_where_there_is_no_choice() -> None:
    jwk = plain()
    found = kept(jwk)
    assert found["alg"] == "ES256"
    assert found["kid"] == ECKey.import_key(jwk).thumbprint(), "RFC 7638, as others compute it"
    x = encode_base64url(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert kept({"kty": "OKP", "crv": "Ed25519", "x": x})["alg"] == "EdDSA"


def test_an_rsa_key_says_its_algorithm() -> None:
    jwk = RSAKey.generate_key(2048).as_dict(private=False)
    bare = {name: jwk[name] for name in ("kty", "n", "e")}
    with pytest.raises(BadInput):
        kept(bare)
    for algorithm in ("RS256", "PS256"):
        assert read_client_key(json.dumps(kept({**bare, "alg": algorithm}))).algorithm == algorithm


def test_what_is_given_stays() -> None:
    found = kept(plain(kid="mine", use="sig", alg="ES256"))
    assert (found["kid"], found["use"]) == ("mine", "sig")


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no object": b"[]",
    "a set": b'{"keys":[]}',
    "a private key": json.dumps(plain(d="AA")).encode(),
    "a shared secret": b'{"kty":"oct","k":"AAAA","alg":"HS256"}',
    "none": json.dumps(plain(alg="none")).encode(),
    "another algorithm": json.dumps(plain(alg="RS256")).encode(),
    "for encryption": json.dumps(plain(use="enc")).encode(),
    "off the curve": json.dumps(plain(x="A" * 43)).encode(),
    "a member twice": json.dumps(plain()).encode()[:-1] + b',"kty":"EC"}',
    "too long": json.dumps(plain(kid="k" * LONGEST)).encode(),
    "a long name": json.dumps(plain(kid="k" * 201)).encode(),
    "a number for a name": json.dumps(plain(kid=7)).encode(),
    "no text": b"\xff\xfe",
    "an odd kind": b'{"kty":"XX","crv":"P-256"}',
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_what_is_no_key(raw: bytes) -> None:
    with pytest.raises(BadInput):
        parse_client_key(raw)


def test_a_weak_rsa_key() -> None:
    with pytest.raises(BadInput):
        kept({"kty": "RSA", "alg": "RS256", "e": "AQAB", "n": encode_base64url(b"\xff" * 128)})
