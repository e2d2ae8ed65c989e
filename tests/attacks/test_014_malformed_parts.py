"""Attack 14: CVE-2026-34986, go-jose: a malformed encrypted token, its key missing or short, stops the process.

Here whatever the parts hold, the answer is a refusal: never another error, and no encrypted token is read at all.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coatcheck.verifier.canonical import encode_base64url
from tests.attacks.forged import published, taken
from tests.verifier.tokens import as_json, header, seal, signer

GOOD = signer("ES256")
PARTS = ["", "A", "AA", "AAAA", "e30", "=", "\0", "é", "\ud800", encode_base64url(as_json(header(GOOD)))]
JWE = encode_base64url(as_json({"alg": "A128KW", "enc": "A128GCM", "kid": GOOD.kid}))
KEYS = published()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_whatever_the_parts_are_it_is_a_refusal(count: int) -> None:
    for parts in itertools.product(PARTS, repeat=count):
        assert taken(".".join(parts), KEYS) is None


@pytest.mark.parametrize("key", PARTS)
def test_an_encrypted_token_is_a_refusal(key: str) -> None:
    for rest in itertools.product(PARTS, repeat=3):
        assert taken(".".join([JWE, key, *rest]), KEYS) is None


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_a_signed_payload_of_any_bytes_is_a_refusal(payload: bytes) -> None:
    signed = f"{encode_base64url(as_json(header(GOOD)))}.{encode_base64url(payload)}"
    assert taken(seal(GOOD, signed), KEYS) is None


@given(st.text(max_size=200) | st.text('eyJ.0123456789{}[]",:', max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_refusal(text: str) -> None:
    assert taken(text, KEYS) is None
