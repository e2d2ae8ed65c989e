"""Published keys, read strictly."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key

from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.ed25519 import SMALL_POINTS
from coatcheck.verifier.jwk import LONGEST_KEY_SET, MOST_KEYS, key_of, keys_of, thumbprint
from tests.verifier.tokens import PUBLISHED, in_base64url, signer

SIGNED = b"what is signed"
RSA, EC, OKP = (signer(algorithm).jwk for algorithm in ("RS256", "ES256", "EdDSA"))
LATIN = "\u00e9"


@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_a_published_key_checks(algorithm: Any) -> None:
    by = signer(algorithm)
    key = key_of(by.jwk)
    assert (key.kid, key.algorithm) == (by.kid, algorithm)
    assert key.verify(by.sign(SIGNED), SIGNED)
    assert not key.verify(by.sign(SIGNED), b"another")


def test_a_set_is_read_by_kid() -> None:
    keys = keys_of(json.dumps({"keys": [signer(algorithm).jwk for algorithm in PUBLISHED], "more": 1}).encode())
    assert {kid: key.algorithm for kid, key in keys.items()} == {f"key-{name}": name for name in PUBLISHED}
    assert keys_of(b'{"keys":[]}') == {}


def test_members_that_are_not_known_are_left_alone() -> None:
    assert key_of(RSA | {"x5t": "x", "key_ops": ["verify"], "iat": 1}).algorithm == "RS256"


@pytest.mark.parametrize(
    "jwk",
    [
        RSA | {"d": "AQAB"},
        RSA | {"k": "AQAB"},
        RSA | {"oth": []},
        EC | {"d": "AQAB"},
        OKP | {"d": "AQAB"},
        {"kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0" * 8},
        {"kty": "oct", "kid": "k", "alg": "HS256"},
        RSA | {"kid": None},
        RSA | {"kid": ""},
        RSA | {"kid": 1},
        RSA | {"kid": "k" * 201},
        RSA | {"alg": None},
        RSA | {"alg": "none"},
        RSA | {"alg": "HS256"},
        RSA | {"alg": "RS512"},
        RSA | {"alg": "RSA-OAEP"},
        RSA | {"alg": ["RS256"]},
        RSA | {"alg": "ES256"},
        RSA | {"kty": "EC"},
        RSA | {"crv": "P-256"},
        EC | {"alg": "RS256"},
        EC | {"alg": "ES384"},
        EC | {"crv": "P-384"},
        EC | {"crv": "secp256k1"},
        EC | {"kty": "OKP"},
        OKP | {"alg": "ES256"},
        OKP | {"alg": "Ed25519"},
        OKP | {"crv": "X25519"},
        OKP | {"crv": "Ed448"},
        RSA | {"use": "enc"},
        RSA | {"use": None},
        RSA | {"key_ops": ["sign"]},
        RSA | {"key_ops": ["verify", "sign"]},
        RSA | {"key_ops": []},
        RSA | {"key_ops": "verify"},
        RSA | {"e": in_base64url(3)},
        RSA | {"e": in_base64url(65536)},
        RSA | {"e": in_base64url(2**40 + 1)},
        RSA | {"e": ""},
        RSA | {"e": 65537},
        RSA | {"e": RSA["e"] + "="},
        RSA | {"n": in_base64url(0x10001)},
        RSA | {"n": in_base64url(new_rsa_key(65537, 1024).public_key().public_numbers().n)},  # noqa: S505
        RSA | {"n": "A" * 4 + RSA["n"]},
        RSA | {"n": in_base64url(2**9000 + 1)},
        RSA | {"n": RSA["n"] + "\n"},
        RSA | {"n": "AAAA"},
        RSA | {"n": LATIN},
        EC | {"y": EC["x"]},
        EC | {"x": "AA", "y": "AA"},
        EC | {"x": "A" * 43, "y": "A" * 43},
        EC | {"x": encode_base64url(b"\0" + bytes(32))},
        EC | {"x": in_base64url(2**256 - 1, 32)},
        EC | {"x": None},
        OKP | {"x": "AA"},
        OKP | {"x": encode_base64url(b"\xff" * 32)},
        *(OKP | {"x": encode_base64url(point)} for point in sorted(SMALL_POINTS)),
    ],
    ids=lambda jwk: json.dumps(jwk)[:60],
)
def test_other_keys_are_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_of(jwk)
    with pytest.raises(ValueError, match=r".+"):
        keys_of(json.dumps({"keys": [OKP | {"kid": "good"}, jwk]}).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys":null}',
        b'{"keys":{}}',
        b'{"keys":[1]}',
        b'{"keys":[null]}',
        b'{"keys":["a"]}',
        b'{"keys":[],"keys":[]}',
        json.dumps({"keys": [RSA, RSA]}).encode(),
        json.dumps({"keys": [RSA, EC | {"kid": RSA["kid"]}]}).encode(),
        json.dumps({"keys": [OKP | {"kid": str(number)} for number in range(MOST_KEYS + 1)]}).encode(),
        b'{"keys":[]' + b" " * LONGEST_KEY_SET + b"}",
        json.dumps({"keys": [OKP]}).replace('"kid"', '"kid":"other","kid"').encode(),
    ],
    ids=lambda raw: raw[:40],
)
def test_other_sets_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        keys_of(raw)


@pytest.mark.parametrize(
    ("jwk", "name"),
    [
        (
            {
                "kty": "RSA",
                "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
                "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
                "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"
                "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
                "e": "AQAB",
                "alg": "RS256",
                "kid": "2011-04-29",
            },
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        ),
        (
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        ),
        (
            {
                "kty": "EC",
                "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
                "crv": "P-256",
            },
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        ),
    ],
    ids=["RFC 7638 section 3.1", "RFC 8037 appendix A.3", "RFC 9449 section 6.1"],
)
def test_a_thumbprint_is_the_one_that_the_rfcs_show(jwk: dict[str, Any], name: str) -> None:
    assert thumbprint(jwk) == name
    assert thumbprint(dict(reversed(jwk.items())) | {"use": "sig"}) == name


@pytest.mark.parametrize("jwk", [{}, {"kty": "oct", "k": "AA"}, {"kty": ["RSA"]}, EC | {"y": None}, RSA | {"n": 1}])
def test_what_is_no_key_has_no_thumbprint(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        thumbprint(jwk)
