"""Proofs of possession: the two that RFC 9449 shows count, and what differs from a right one in anything does not."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.errors import CoatcheckError, NotSignedIn, ProofNonceNeeded, ProofRefused
from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from coatcheck.verifier.dpop import LONGEST_PROOF, check_proof
from coatcheck.verifier.jwk import thumbprint
from coatcheck.verifier.proof_key import ALGORITHMS, ProofKeys
from tests.verifier.proofs import (
    ACCESS_TOKEN,
    GOOD,
    SHOWN_JKT,
    TO_RESOURCE,
    TO_TOKEN_ENDPOINT,
    URL,
    Shown,
    bare_jwk,
    checked,
    proof_claims,
    proof_header,
    proof_of,
)
from tests.verifier.tokens import NOW, NOW_S, as_json, signer, token

NONCES = ("the-nonce-of-now", "the-former-nonce")


def with_claims(**changes: Any) -> str:
    return proof_of(payload=proof_claims(**changes))


@pytest.mark.parametrize("shown", [TO_TOKEN_ENDPOINT, TO_RESOURCE], ids=["section 4.1", "section 7.1"])
def test_what_the_rfc_shows_counts_at_its_time(shown: Shown) -> None:
    how: dict[str, Any] = {"method": shown.method, "url": shown.url, "access_token": shown.access_token}
    proven = check_proof(shown.proof, now=shown.at_s * 1000, **how)
    assert (proven.jkt, proven.jti) == (SHOWN_JKT, shown.jti)
    for second in (shown.at_s - 31, shown.at_s + 61, NOW_S):
        with pytest.raises(ProofRefused):
            check_proof(shown.proof, now=second * 1000, **how)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_proof_proves_its_key(algorithm: Any) -> None:
    by = signer(algorithm)
    assert checked(proof_of(by)).jkt == thumbprint(by.jwk)


def test_a_key_that_is_known_is_checked_all_the_same() -> None:
    keys = ProofKeys()
    good = proof_of()
    first = checked(good, keys=keys)
    assert (len(keys), checked(good, keys=keys)) == (1, first)
    head, payload, _ = good.split(".")
    other = proof_of(payload=proof_claims(jti="fedcba9876543210")).rpartition(".")[2]
    with pytest.raises(ProofRefused, match="signature"):
        checked(f"{head}.{payload}.{other}", keys=keys)


def test_a_key_is_kept_only_when_it_has_signed() -> None:
    keys = ProofKeys()
    signed, _, signature = proof_of().rpartition(".")
    with pytest.raises(ProofRefused):
        checked(f"{signed}.{'A' * len(signature)}", keys=keys)
    assert len(keys) == 0


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat", "ath"])
def test_no_claim_may_lack(name: str) -> None:
    with pytest.raises(ProofRefused):
        checked(with_claims(**{name: None}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jti", "0123456789abcde"),
        ("jti", "x" * 129),
        ("jti", "0123456789abcdef\0"),
        ("jti", 1234567890123456),
        ("jti", ["0123456789abcdef"]),
        ("htm", "get"),
        ("htm", "POST"),
        ("htm", "GET "),
        ("htm", ""),
        ("htm", ["GET"]),
        ("htu", "https://notes.example.org/api/note"),
        ("htu", "https://evil.example.org/api/notes"),
        ("htu", ""),
        ("htu", 1),
        ("iat", NOW_S - 61),
        ("iat", NOW_S + 31),
        ("iat", -1),
        ("iat", 2**60),
        ("iat", NOW_S + 0.5),
        ("iat", str(NOW_S)),
        ("iat", True),
        ("ath", "A" * 43),
        ("ath", ""),
        ("ath", ACCESS_TOKEN),
        ("nonce", 1),
        ("nonce", ""),
    ],
)
def test_a_claim_that_is_wrong_is_refused(name: str, value: object) -> None:
    with pytest.raises(ProofRefused) as refused:
        checked(with_claims(**{name: value}))
    assert type(refused.value) is ProofRefused


def test_what_is_just_right_counts() -> None:
    for changes in ({"jti": "x" * 16}, {"jti": "x" * 128}, {"iat": NOW_S - 60}, {"iat": NOW_S + 30}, {"more": [1]}):
        assert checked(with_claims(**changes)).jti == changes.get("jti", "0123456789abcdef")
    with pytest.raises(ProofRefused, match="too old"):
        checked(with_claims(iat=NOW_S - 60), now=NOW + 1)


def test_a_proof_for_a_token_goes_with_that_token_alone() -> None:
    with pytest.raises(ProofRefused, match="none came"):
        checked(proof_of(), access_token=None)
    with pytest.raises(ProofRefused, match="not for this token"):
        checked(proof_of(), access_token=ACCESS_TOKEN + "x")
    assert checked(with_claims(ath=None), access_token=None).jkt == thumbprint(GOOD.jwk)
    with pytest.raises(ProofRefused, match="not for this token"):
        checked(with_claims(ath=None))


def test_a_nonce_is_asked_for_only_where_all_else_is_right() -> None:
    for nonce in (None, "another", "the-nonce-of-now ", "\u00e9" * 16):
        with pytest.raises(ProofNonceNeeded) as needed:
            checked(with_claims(nonce=nonce), nonces=NONCES)
        assert needed.value.nonce == NONCES[0]
    for nonce in NONCES:
        assert checked(with_claims(nonce=nonce), nonces=NONCES).jti
        with pytest.raises(ProofRefused) as refused:
            checked(with_claims(nonce=nonce, htm="POST"), nonces=NONCES)
        assert type(refused.value) is ProofRefused
    assert checked(with_claims(nonce="of another server")).jti, "nobody has asked for one"


def test_the_codes_are_those_of_the_rfc() -> None:
    kinds: tuple[type[CoatcheckError], ...] = (ProofRefused, ProofNonceNeeded)
    assert [(kind.code, kind.status) for kind in kinds] == [("invalid_dpop_proof", 401), ("use_dpop_nonce", 401)]
    assert issubclass(ProofRefused, NotSignedIn)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b.c",
        proof_of() + ", " + proof_of(),
        proof_of() + "," + proof_of(),
        " " + proof_of(),
        proof_of() + "=",
        proof_of() + ".AAAA",
        proof_of().rpartition(".")[0] + ".",
        "DPoP " + proof_of(),
        json.dumps({"payload": "e30", "signatures": []}),
        "\u00e9" * 100,
    ],
    ids=range(12),
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ProofRefused):
        checked(text)


@pytest.mark.parametrize(
    "payload",
    [
        b"null",
        b"[]",
        b"{}",
        as_json(proof_claims())[:-1],
        as_json(proof_claims()) + b"}",
        as_json(proof_claims())[:-1] + b',"htm":"POST"}',
        as_json(proof_claims())[:-1] + b',"htm":"GET"}',
        as_json(proof_claims())[:-1] + b',"\\u0068tm":"GET"}',
        b'{"htm":"POST",' + as_json(proof_claims())[1:],
        as_json(proof_claims())[:-1] + b',"more":{"a":1,"a":1}}',
        as_json(proof_claims())[:-1] + b',"more":' + b"[" * 500 + b"]" * 500 + b"}",
        as_json(proof_claims())[:-1] + b',"more":"\\ud800"}',
        as_json(proof_claims())[:-1] + b',"more":"\\u0000"}',
        as_json(proof_claims())[:-1] + b',"more":1.5}',
        b"\xef\xbb\xbf" + as_json(proof_claims()),
        as_json(proof_claims()).decode().encode("utf-16"),
    ],
    ids=lambda payload: payload[-40:],
)
def test_claims_that_two_readers_could_read_differently_are_refused(payload: bytes) -> None:
    with pytest.raises(ProofRefused, match="cannot be read"):
        checked(proof_of(payload=payload))


def test_members_in_another_order_say_the_same() -> None:
    backwards = dict(reversed(proof_claims(nonce=NONCES[0]).items()))
    assert checked(proof_of(payload=json.dumps(backwards, indent=2).encode()), nonces=NONCES).jti


def test_the_key_must_be_the_one_that_signs() -> None:
    other = signer("EdDSA")
    swapped = proof_header(GOOD, jwk=bare_jwk(other), alg="EdDSA")
    for head in (swapped, proof_header(GOOD, alg="EdDSA"), proof_header(GOOD, jwk=bare_jwk(other))):
        with pytest.raises(ProofRefused):
            checked(token(GOOD, head, proof_claims()))


def test_four_kilobytes_are_read_and_not_one_more() -> None:
    room = LONGEST_PROOF - len(with_claims(more=""))
    filled = with_claims(more="x" * (room * 3 // 4))
    assert LONGEST_PROOF - 4 <= len(filled) <= LONGEST_PROOF
    assert checked(filled).jti
    with pytest.raises(ProofRefused, match="4 KiB"):
        checked(with_claims(more="x" * (room * 3 // 4 + 4)))


@pytest.mark.parametrize("text", ["." * 3_000_000, "A" * 1_000_000, f"{'A' * 3000}.e30.AAAA"])
def test_what_is_huge_costs_nothing(text: str) -> None:
    checked(proof_of())
    tracemalloc.start()
    with pytest.raises(ProofRefused):
        checked(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16_384


RIGHT = proof_of()
KNOWN = ProofKeys()


@given(st.data())
def test_no_change_of_one_character_counts(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(RIGHT) - 1))
    instead = data.draw(st.text(st.characters(max_codepoint=0x17F), max_size=2))
    changed = RIGHT[:at] + instead + RIGHT[at + 1 :]
    assert checked(RIGHT, keys=KNOWN).jti
    for keys in (KNOWN, None):
        if changed != RIGHT:
            with pytest.raises(ProofRefused):
                checked(changed, keys=keys)


@given(st.data())
def test_no_change_of_bits_counts(data: st.DataObject) -> None:
    parts = RIGHT.split(".")
    which = data.draw(st.integers(0, 2))
    raw = bytearray(decode_base64url(parts[which]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    parts[which] = encode_base64url(bytes(raw))
    with pytest.raises(ProofRefused):
        checked(".".join(parts), keys=KNOWN)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["typ", "alg", "jwk", "kty", "crv", "x", "y", "d", "crit", "kid"]), _JSON)
def test_whatever_stands_in_a_header_is_read_or_refused(name: str, value: Any) -> None:
    head = proof_header()
    (head["jwk"] if name in ("kty", "crv", "x", "y", "d") else head)[name] = value
    is_right = head == proof_header()
    try:
        proven = checked(proof_of(head=as_json_safe(head)))
    except ProofRefused:
        assert not is_right
    else:
        assert is_right
        assert proven.jkt == thumbprint(GOOD.jwk)


@given(st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]), _JSON)
def test_whatever_stands_in_a_claim_is_right_or_refused(name: str, value: Any) -> None:
    try:
        checked(proof_of(payload=as_json_safe(proof_claims() | {name: value})))
    except ProofRefused:
        return
    assert name in ("jti", "nonce"), "any other claim has one right value, or nearly"
    assert value is None or isinstance(value, str)


def as_json_safe(members: dict[str, Any]) -> bytes:
    """Write an object in ASCII, as texts may hold half of a surrogate pair."""
    return json.dumps(members).encode()


def test_the_proof_is_not_shown() -> None:
    shown = f"{checked(proof_of(), url=URL)!r}"
    assert not any(part[:20] in shown for part in proof_of().split("."))
