"""Our reader, PyJWT and joserfc: we take every valid token that they take, and nothing that either refuses."""

import json
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import import_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from coatcheck.errors import TokenRefused
from coatcheck.verifier.algorithms import check_signature
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jwk import key_of
from coatcheck.verifier.jws import parse_jws
from tests.verifier.tokens import (
    ALGORITHMS,
    PUBLISHED,
    SECRET,
    Signer,
    as_json,
    claims,
    header,
    open_token,
    seal,
    signer,
    token,
)

# RFC 9864 would have EdDSA called Ed25519; joserfc says so each time.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n%~é"
SHORT = {name: token(signer(name), payload=b'{"sub":"acc_1"}') for name in ALGORITHMS}
NAMES = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20)


def ours(by: Signer, text: str) -> Any:
    """Give the payload as our reader finds it, or None."""
    try:
        jws = parse_jws(text)
        check_signature(jws, by.key)
    except TokenRefused:
        return None
    return jws.payload


def pyjwts(by: Signer, text: str) -> Any:
    """Give the payload as PyJWT finds it, or None."""
    kinds: dict[str, Any] = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}
    key = SECRET if by.public is None else kinds[by.jwk["kty"]].from_jwk(json.dumps(by.jwk))
    try:
        return jwt.api_jws.PyJWS().decode(text, key, algorithms=[by.algorithm])
    except jwt.PyJWTError:
        return None


def joserfcs(by: Signer, text: str) -> Any:
    """Give the payload as joserfc finds it, or None."""
    key = import_key(SECRET, "oct") if by.public is None else import_key(by.jwk)
    registry = joserfc_jws.JWSRegistry(algorithms=[by.algorithm])
    try:
        return joserfc_jws.deserialize_compact(text, key, registry=registry).payload
    except Exception:  # noqa: BLE001 — it refuses by errors of many kinds
        return None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(sub=NAMES, roles=st.lists(NAMES, max_size=3), email=st.none() | NAMES, exp=st.integers(1_900_000_001, 2**40))
@settings(max_examples=25, deadline=None)
def test_all_three_take_a_valid_token(algorithm: Any, sub: str, roles: list[str], email: str | None, exp: int) -> None:
    by = signer(algorithm)
    written = claims(sub=sub, roles=roles, email=email, exp=exp)
    text = token(by, payload=written)
    assert ours(by, text) == pyjwts(by, text) == joserfcs(by, text) == as_json(written)
    found = open_token(text, by.key)
    assert (found.sub, list(found.roles), found.email, found.exp) == (sub, roles, email, exp)


@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_a_published_key_is_read_alike(algorithm: Any) -> None:
    by = signer(algorithm)
    text = token(by)
    jws = parse_jws(text)
    assert key_of(by.jwk).verify(jws.signature, jws.signed)
    assert pyjwts(by, text) == joserfcs(by, text) == jws.payload


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_single_character_may_change(algorithm: Any, data: st.DataObject) -> None:
    by, text = signer(algorithm), SHORT[algorithm]
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(CHARACTERS).filter(lambda character: character != text[place]))
    before, after = text[:place], text[place + 1 :]
    changed = data.draw(st.sampled_from([before + other + after, before + after, before + other + text[place] + after]))
    assert ours(by, text) is not None
    assert ours(by, changed) is None


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
def test_no_last_character_of_a_part_may_change(algorithm: Any) -> None:
    by, text = signer(algorithm), SHORT[algorithm]
    ends = [place - 1 for place, character in enumerate(text) if character == "."] + [len(text) - 1]
    for place in ends:
        for other in CHARACTERS:
            if other != text[place]:
                assert ours(by, text[:place] + other + text[place + 1 :]) is None


HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from(["ES256", "es256", "none", "HS256", "ES384", "RS256", "", 1, None])},
    optional={
        "kid": st.sampled_from(["key-ES256", "another", "", 1, None]),
        "typ": st.sampled_from(["at+jwt", "JWT", 1, None, []]),
        "crit": st.sampled_from([[], ["exp"], ["b64"], "b64", None]),
        "b64": st.booleans(),
        "zip": st.just("DEF"),
        "jwk": st.just(signer("ES256").jwk),
        "x5c": st.just([]),
    },
)


@given(HEADERS, st.sampled_from(["", " ", "=", ".", "A"]), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_nothing_is_taken_that_one_of_them_refuses(head: dict[str, Any], more: str, where: int) -> None:
    by = signer("ES256")
    parts = seal(by, f"{encode_base64url(json.dumps(head).encode())}.{encode_base64url(b'{}')}").split(".")
    if where < 3:
        parts[where] += more
    text = ".".join(parts)
    if ours(by, text) is not None:
        assert pyjwts(by, text) == joserfcs(by, text) == b"{}"


def test_the_good_one_among_them_is_taken() -> None:
    by = signer("ES256")
    assert ours(by, token(by, header(by, typ=None), b"{}")) == b"{}"
