"""The key in a proof's header, read strictly: public, strong enough, not slow, and nothing beside it."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key

from coatcheck.errors import ProofRefused
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.ed25519 import SMALL_POINTS
from coatcheck.verifier.jwk import thumbprint
from coatcheck.verifier.proof_key import ALGORITHMS, ProofKeys, read_proof_key
from tests.verifier.proofs import GOOD, bare_jwk, proof_header
from tests.verifier.tokens import as_json, in_base64url, signer

RSA, EC, OKP = (bare_jwk(signer(algorithm)) for algorithm in ("RS256", "ES256", "EdDSA"))
ALG = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}


def segment(head: dict[str, Any] | bytes) -> str:
    return encode_base64url(head if isinstance(head, bytes) else as_json(head))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_header_is_read(algorithm: Any) -> None:
    by = signer(algorithm)
    read = read_proof_key(segment(proof_header(by)))
    assert (read.header.algorithm, read.header.kid, read.key.kid) == (algorithm, thumbprint(by.jwk), thumbprint(by.jwk))
    assert read.key.verify(by.sign(b"signed"), b"signed")
    assert not read.key.verify(by.sign(b"signed"), b"another")


def test_one_key_has_one_thumbprint_whatever_stands_beside_it() -> None:
    exported = {"alg": "ES256", "key_ops": ["verify"], "ext": True, "use": "sig", "kid": "mine"}
    read = read_proof_key(segment(proof_header(jwk=EC | exported)))
    assert read.key.kid == thumbprint(EC) == read_proof_key(segment(proof_header())).key.kid


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": "DPOP+JWT"},
        {"typ": "application/dpop+jwt"},
        {"typ": ["dpop+jwt"]},
        {"alg": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "es256"},
        {"alg": "ES384"},
        {"alg": "Ed25519"},
        {"alg": "RS256"},
        {"alg": ["ES256"]},
        {"alg": {"ES256": 1}},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": [EC]},
        {"jwk": {}},
        {"kid": "key-1"},
        {"crit": ["jwk"]},
        {"b64": False},
        {"jku": "https://evil.example/keys"},
        {"x5c": ["MIIB"]},
        {"nonce": "n"},
    ],
)
def test_other_headers_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofRefused):
        read_proof_key(segment(proof_header(**changes)))


@pytest.mark.parametrize(
    "jwk",
    [
        *(EC | {name: "AQAB"} for name in ("d", "k", "p", "q", "dp", "dq", "qi", "oth", "n", "e", "x5c", "x5u", "x5t")),
        RSA | {"d": "AQAB"},
        RSA | {"crv": "P-256"},
        OKP | {"d": "AQAB"},
        OKP | {"y": "AQAB"},
        {"kty": "oct", "k": "c2VjcmV0" * 8},
        EC | {"alg": "RS256"},
        EC | {"alg": None},
        EC | {"use": "enc"},
        EC | {"key_ops": ["sign"]},
        EC | {"key_ops": ["verify", "sign"]},
        EC | {"crv": "P-384"},
        EC | {"crv": "secp256k1"},
        EC | {"kty": "OKP"},
        EC | {"kty": ["EC"]},
        EC | {"kty": "ec"},
        EC | {"x": EC["y"], "y": EC["x"]},
        EC | {"x": "A" * 43, "y": "A" * 43},
        EC | {"x": EC["x"] + "="},
        EC | {"x": " " + EC["x"]},
        EC | {"x": 1},
        EC | {"x": encode_base64url(b"\0" + bytes(32))},
        OKP | {"crv": "X25519"},
        OKP | {"crv": "Ed448"},
        OKP | {"x": "AA"},
        *(OKP | {"x": encode_base64url(point)} for point in sorted(SMALL_POINTS)),
        RSA | {"e": in_base64url(3)},
        RSA | {"e": in_base64url(65536)},
        RSA | {"e": in_base64url(2**40 + 1)},
        RSA | {"n": "AAAA" + RSA["n"]},
        RSA | {"n": in_base64url(2**4100 + 1)},
        RSA | {"n": [RSA["n"]]},
        RSA | {"n": in_base64url(new_rsa_key(65537, 1024).public_key().public_numbers().n)},  # noqa: S505
    ],
)
def test_other_keys_are_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(ProofRefused):
        read_proof_key(segment({"typ": "dpop+jwt", "alg": ALG.get(str(jwk["kty"]), "ES256"), "jwk": jwk}))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        as_json(proof_header())[:-1],
        as_json(proof_header()).replace(b'"alg"', b'"alg":"ES256","alg"', 1),
        as_json(proof_header()).replace(b'"jwk"', b'"jwk":{},"jwk"', 1),
        as_json(proof_header()).replace(b'"x"', b'"x":"AA","x"', 1),
        as_json(proof_header()).replace(b'"kty"', b'"kty":"EC","kty"', 1),
        as_json(proof_header()).replace(b'"kty"', b'"\\u0064":"AA","kty"', 1),
        b"\xff" + as_json(proof_header()),
        b"[" * 1000,
    ],
    ids=lambda raw: raw[:60],
)
def test_what_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(ProofRefused):
        read_proof_key(segment(raw))


def test_a_long_key_has_room_and_a_slow_one_has_none() -> None:
    for bits, is_read in ((4096, True), (4160, False)):
        jwk = {
            "kty": "RSA",
            "n": in_base64url(2 ** (bits - 1) + 1),
            "e": "AQAB",
            "alg": "PS256",
            "use": "sig",
            "ext": True,
        }
        head = segment({"typ": "dpop+jwt", "alg": "PS256", "jwk": jwk})
        if is_read:
            assert read_proof_key(head).key.algorithm == "PS256"
        else:
            with pytest.raises(ProofRefused, match="4096 bits"):
                read_proof_key(head)


def test_a_header_that_is_too_long_is_not_decoded() -> None:
    with pytest.raises(ProofRefused, match="too long"):
        read_proof_key(segment(as_json(proof_header()) + b" " * 1536))


def test_keys_are_few_and_the_latest_stay() -> None:
    keys, key = ProofKeys(room=10), read_proof_key(segment(proof_header(GOOD)))
    for number in range(100):
        keys.keep(f"header {number}", key)
        keys.keep(f"header {number}", key)
        assert len(keys) <= 10
        assert keys.get(f"header {number}") is key
    assert keys.get("header 0") is None
    assert all(keys.get(f"header {number}") for number in range(95, 100))
