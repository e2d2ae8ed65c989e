"""Status list tokens: what was packed is unpacked, and nothing is unpacked further than a list can be."""

import random
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jwk import key_of
from coatcheck.verifier.news import NewsRefused, Position
from coatcheck.verifier.status import MOST_INDICES
from coatcheck.verifier.status_token import (
    TYP,
    Snapshot,
    StatusClaims,
    StatusList,
    bits_of,
    list_of,
    lst_of,
    read_status_token,
    uri_of,
)
from tests.verifier.issuer import Issuer, Key

WHOLE = MOST_INDICES // 8


def read(issuer: Issuer, token: str, list_id: int = 1) -> Snapshot:
    """Read a status list token as the verifier of an issuer does."""
    keys = {issuer.key.kid: key_of(issuer.key.jwk())}
    return read_status_token(token, issuer=issuer.url, list_id=list_id, find_key=keys.get, now=issuer.clock.now())


@given(st.binary(max_size=2000))
def test_what_was_packed_is_unpacked(bits: bytes) -> None:
    assert bits_of(lst_of(bits)) == bits


@pytest.mark.parametrize("bits", [bytes(WHOLE), b"\xff" * WHOLE, random.Random(1).randbytes(WHOLE)])
def test_a_whole_list_is_unpacked(bits: bytes) -> None:
    assert bits_of(lst_of(bits)) == bits


def test_the_draft_s_vector_is_unpacked() -> None:
    assert bits_of("eNrbuRgAAhcBXQ") == bytes([0xB9, 0xA3])


@pytest.mark.parametrize(
    "lst",
    [
        lst_of(bytes(WHOLE + 1)),
        lst_of(bytes(100 * WHOLE)),
        lst_of(bytes(8))[:-4],
        encode_base64url(zlib.compress(bytes(8)) + b"x"),
        encode_base64url(zlib.compress(bytes(8)) * 2),
        encode_base64url(zlib.compress(bytes(8), wbits=-15)),
        encode_base64url(zlib.compress(bytes(8), wbits=31)),
        encode_base64url(b"no zlib"),
        lst_of(bytes(8)) + "=",
        "",
    ],
)
def test_what_is_packed_otherwise_is_refused(lst: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        bits_of(lst)


def test_a_bomb_takes_no_more_memory_than_a_list() -> None:
    bomb = lst_of(bytes(100_000_000))
    assert len(bomb) < 200_000
    tracemalloc.start()
    with pytest.raises(ValueError, match="larger"):
        bits_of(bomb)
    assert tracemalloc.get_traced_memory()[1] < 4 * WHOLE
    tracemalloc.stop()


def test_a_list_of_an_issuer_is_read(issuer: Issuer) -> None:
    issuer.end(3)
    assert read(issuer, issuer.status_token(1)) == Snapshot(1, bytes(issuer.lists[1]), Position("era1", 1))


CLAIMS: dict[str, dict[str, Any]] = {
    "another list": {"sub": "http://127.0.0.1/status/2"},
    "another issuer": {"iss": "https://evil.example"},
    "two bits": {"status_list": {"bits": 2, "lst": lst_of(bytes(8))}},
    "a bomb": {"status_list": {"bits": 1, "lst": lst_of(bytes(2 * WHOLE))}},
    "no list": {"status_list": {"bits": 1}},
    "run out": {"exp": 1_800_000_000},
    "from the future": {"iat": 1_800_000_006},
    "no era": {"era": ""},
    "a number below zero": {"n": -1},
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_list_that_says_something_else_is_refused(issuer: Issuer, what: str) -> None:
    with pytest.raises(NewsRefused):
        read(issuer, issuer.status_token(1, **CLAIMS[what]))


FORGED: dict[str, Callable[[Issuer], str]] = {
    "another key": lambda issuer: Key("first").sign("statuslist+jwt", {}),
    "an access token": lambda issuer: issuer.token(),
    "the right claims, signed for another use": lambda issuer: issuer.key.sign_again("at+jwt", issuer.status_token(1)),
    "an answer of the feed": lambda issuer: issuer.feed_token(0),
    "changed": lambda issuer: issuer.status_token(1)[:-8] + "AAAAAAAA",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_list_is_refused(issuer: Issuer, how: str) -> None:
    with pytest.raises(NewsRefused):
        read(issuer, FORGED[how](issuer))


def test_what_a_server_writes_is_read(issuer: Issuer) -> None:
    claims = StatusClaims(
        iss=issuer.url,
        sub=uri_of(issuer.url, 1),
        iat=issuer.clock.now() // 1000,
        exp=issuer.clock.now() // 1000 + 60,
        ttl=10,
        status_list=StatusList(1, lst_of(b"\x01")),
        era="era1",
        n=4,
    )
    token = issuer.key.sign(TYP, msgspec.to_builtins(claims))
    assert read(issuer, token) == Snapshot(1, b"\x01", Position("era1", 4))


def test_an_address_names_its_list() -> None:
    assert list_of("https://auth.example.org", uri_of("https://auth.example.org", 17)) == 17


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/status/1",
        "https://auth.example.org/status/",
        "https://auth.example.org/status/01",
        "https://auth.example.org/status/-1",
        "https://auth.example.org/status/1/",
        "https://auth.example.org/status/1?x",
        "https://auth.example.org/status/²",
        "https://auth.example.org/status/9999999999",
        "1",
    ],
)
def test_another_spelling_names_none(uri: str) -> None:
    with pytest.raises(ValueError, match="no status list"):
        list_of("https://auth.example.org", uri)
