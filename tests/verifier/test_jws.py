"""The strict reading of a token, before any cryptography."""

import json
import tracemalloc
from typing import Any

import pytest

from coatcheck.errors import TokenRefused
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jws import LONGEST_TOKEN, KnownHeaders, parse_jws
from tests.verifier.tokens import ALGORITHMS, as_json, claims, header, signer, token

GOOD = signer("ES256")
KIND: dict[str, Any] = {"alg": "ES256", "kid": "key-1"}


def with_header(raw: bytes) -> str:
    """Give a token with a header of one's own; its signature is right."""
    return token(GOOD, raw)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_is_taken_apart(algorithm: Any) -> None:
    by = signer(algorithm)
    text = token(by)
    jws = parse_jws(text)
    assert (jws.algorithm, jws.kid, jws.typ) == (algorithm, by.kid, "at+jwt")
    assert json.loads(jws.payload) == claims()
    assert jws.signed == text.rpartition(".")[0].encode()
    assert by.key.verify(jws.signature, jws.signed)


def test_kid_and_typ_may_be_absent() -> None:
    jws = parse_jws(with_header(b'{"alg":"ES256"}'))
    assert (jws.kid, jws.typ) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "not a token",
        "cck_1234567890",
        token(GOOD).rpartition(".")[0],
        token(GOOD).rpartition(".")[0] + ".",
        token(GOOD) + ".",
        "." + token(GOOD),
        token(GOOD) + ".AAAA",
        token(GOOD) + ".AAAA.AAAA",
        token(GOOD).replace(".", "..", 1),
        token(GOOD) + "\n",
        " " + token(GOOD),
        token(GOOD) + "=",
        token(GOOD) + "\0",
        token(GOOD) + "é",
        token(GOOD).replace(".", "\u3002"),
        "Bearer " + token(GOOD),
        json.dumps({"payload": "e30", "signatures": []}),
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        parse_jws(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"ES256"',
        b'{"alg":"ES256"',
        b'{"alg":"ES256"}}',
        b'{"alg":"ES256","alg":"ES256"}',
        b'{"alg":"ES256","\\u0061lg":"none"}',
        b'{"alg":["ES256"]}',
        b'{"alg":{"a":1}}',
        b'{"alg":null}',
        b'{"alg":256}',
        b'{"alg":""}',
        b'{"alg":"es256"}',
        b'{"alg":"ES256 "}',
        b'{"alg":"ES256\\u0000"}',
        b'{"alg":"ES384"}',
        b'{"alg":"Ed25519"}',
        b'{"ALG":"ES256"}',
        b'{"alg":"ES256","kid":null}',
        b'{"alg":"ES256","kid":1}',
        b'{"alg":"ES256","kid":""}',
        b'{"alg":"ES256","kid":["a"]}',
        b'{"alg":"ES256","kid":"a\\nb"}',
        b'{"alg":"ES256","kid":"' + b"k" * 201 + b'"}',
        b'{"alg":"ES256","typ":{}}',
        b'{"alg":"ES256","exp":1}',
        b'{"alg":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"alg":"ES256","kid":' + b"[" * 700 + b"]" * 700 + b"}",
        b'\xef\xbb\xbf{"alg":"ES256"}',
        '{"alg":"ES256"}'.encode("utf-16"),
    ],
)
def test_other_headers_are_refused(raw: bytes) -> None:
    with pytest.raises(TokenRefused):
        parse_jws(with_header(raw))


@pytest.mark.parametrize("name", ["crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c", "x5t", "cty", "iss"])
def test_a_token_does_not_say_how_to_check_it(name: str) -> None:
    with pytest.raises(TokenRefused, match="not known here"):
        parse_jws(with_header(as_json({**KIND, name: "x"})))


def test_a_header_is_a_kilobyte_at_most() -> None:
    short = as_json(KIND)
    assert parse_jws(with_header(short + b" " * (768 - len(short)))).kid == "key-1"
    with pytest.raises(TokenRefused, match="too long"):
        parse_jws(with_header(short + b" " * (769 - len(short))))


def test_eight_kilobytes_are_read_and_not_one_more() -> None:
    rest = len(f"{encode_base64url(as_json(header(GOOD)))}..{'A' * 86}")
    text = f"{encode_base64url(as_json(header(GOOD)))}.{'A' * (LONGEST_TOKEN - rest)}.{'A' * 86}"
    assert len(text) == LONGEST_TOKEN
    assert len(parse_jws(text).payload) > 6000
    with pytest.raises(TokenRefused, match="8 KiB"):
        parse_jws(text.replace(".", ".AAAA", 1))


@pytest.mark.parametrize("text", ["." * 3_000_000, "A" * 1_000_000, ".".join(["e30"] * 500_000), "é" * 1_000_000])
def test_a_huge_token_costs_nothing(text: str) -> None:
    tracemalloc.start()
    with pytest.raises(TokenRefused):
        parse_jws(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16_384


def test_the_token_is_not_shown() -> None:
    text = token(GOOD)
    shown = repr(parse_jws(text))
    assert not any(part[:20] in shown for part in text.split("."))
    assert "acc_anna" not in shown


def test_a_known_header_is_kept_once_and_read_no_more() -> None:
    known = KnownHeaders()
    first = parse_jws(token(GOOD), known)
    assert known.get(first.segment) is None, "only what is signed right is kept"
    known.keep(first)
    header_kept = known.get(first.segment)
    assert header_kept is not None
    assert (header_kept.algorithm, header_kept.kid, header_kept.typ) == ("ES256", GOOD.kid, "at+jwt")


def test_known_headers_are_few() -> None:
    known = KnownHeaders(room=3)
    kept = [parse_jws(token(GOOD, header(GOOD, kid=f"key-{number}"))) for number in range(10)]
    for jws in kept:
        known.keep(jws)
        assert sum(known.get(each.segment) is not None for each in kept) <= 3
