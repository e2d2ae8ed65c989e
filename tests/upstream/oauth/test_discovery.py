"""Configurations and key sets: asked for late, once, and again when they are old or a key is not known."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from coatcheck.testing.clock import ManualClock
from coatcheck.upstream.oauth.provider_keys import read_key_set
from coatcheck.upstream.oauth.remembered import Remembered
from coatcheck.upstream.provider import Endpoints
from coatcheck.upstream.trouble import UpstreamFailed
from tests.upstream.hostile import answer
from tests.upstream.oauth.acme import Acme, signer

DISCOVERY = "/.well-known/openid-configuration"


def asked(acme: Acme, path: str) -> int:
    return sum(each.path == path for each in acme.server.heard)


async def test_nothing_is_asked_before_it_is_needed(acme: Acme) -> None:
    provider = acme.provider()
    assert acme.server.heard == []
    await asyncio.gather(*(acme.identify(provider) for _ in range(20)))
    assert (asked(acme, DISCOVERY), asked(acme, "/jwks"), asked(acme, "/token")) == (1, 1, 20)


async def test_after_an_hour_it_is_asked_for_again(acme: Acme) -> None:
    await acme.identify()
    acme.site.clock.advance(timedelta(minutes=59))
    await acme.identify()
    assert (asked(acme, DISCOVERY), asked(acme, "/jwks")) == (1, 1)
    acme.site.clock.advance(timedelta(minutes=2))
    await asyncio.gather(*(acme.identify() for _ in range(5)))
    assert (asked(acme, DISCOVERY), asked(acme, "/jwks")) == (2, 2)


async def test_what_is_known_stays_while_the_provider_is_away(acme: Acme) -> None:
    await acme.identify()
    for path in (DISCOVERY, "/jwks"):
        acme.server.does[path] = answer(503, b"")
    acme.site.clock.advance(timedelta(hours=23))
    assert (await acme.identify()).subject == "person-1"
    assert (await acme.identify()).subject == "person-1"
    assert (asked(acme, DISCOVERY), asked(acme, "/jwks")) == (2, 2), "every ten seconds at most"
    acme.site.clock.advance(timedelta(hours=2))
    assert (await acme.refused()).trouble == "provider_away"


async def test_a_new_key_is_asked_for_at_most_every_ten_seconds(acme: Acme) -> None:
    await acme.identify()
    acme.header = {"kid": "k2"}
    for _ in range(3):
        assert (await acme.refused()).trouble == "identity_token_refused"
    assert asked(acme, "/jwks") == 1, "it was asked for just now"
    acme.site.clock.advance(timedelta(seconds=11))
    acme.publish({"keys": [{**(signer("ES256").jwk or {}), "kid": "k2"}]})
    assert (await acme.identify()).subject == "person-1"
    assert asked(acme, "/jwks") == 2


DOCUMENTS: list[dict[str, Any]] = [
    {"issuer": None},
    {"issuer": "https://other.example"},
    {"issuer": "SLASH"},
    {"issuer": ["SAME"]},
    {"token_endpoint": None},
    {"jwks_uri": None},
    {"authorization_endpoint": None},
    {"token_endpoint": "javascript:alert(1)"},
    {"token_endpoint": ["https://a.example"]},
    {"token_endpoint": "//a.example/"},
]


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_configurations_that_are_not_believed(acme: Acme, document: dict[str, Any]) -> None:
    acme.document = {**document, **({"issuer": acme.url + "/"} if document.get("issuer") == "SLASH" else {})}
    acme.publish()
    assert (await acme.refused()).trouble == "provider_answered_badly"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"issuer":"a","issuer":"b"}', b"{" * 5000])
async def test_configurations_that_cannot_be_read(acme: Acme, body: bytes) -> None:
    acme.server.does[DISCOVERY] = answer(200, body)
    assert (await acme.refused()).trouble == "provider_answered_badly"


async def test_what_the_entry_names_is_not_taken_from_the_configuration(acme: Acme) -> None:
    acme.document = {"token_endpoint": "https://other.example/token"}
    acme.publish()
    endpoints = Endpoints(discovery=acme.url + DISCOVERY, token=acme.url + "/token")
    assert (await acme.identify(acme.provider(endpoints=endpoints))).subject == "person-1"


def jwk(algorithm: str = "ES256", **members: Any) -> dict[str, Any]:
    return {**(signer(algorithm).jwk or {}), "kid": "k1", **members}


ALL = ("RS256", "PS256", "ES256", "EdDSA")


def test_keys_that_name_no_algorithm_are_for_each_that_fits() -> None:
    assert set(read_key_set([jwk("RS256")], ALL)) == {("k1", "RS256"), ("k1", "PS256")}
    assert set(read_key_set([jwk("RS256", alg="PS256")], ALL)) == {("k1", "PS256")}
    assert set(read_key_set([jwk("RS256")], ("RS256",))) == {("k1", "RS256")}


@pytest.mark.parametrize(
    "unusable",
    [
        "k1",
        None,
        {},
        jwk(use="enc"),
        jwk(alg="ES384"),
        jwk(alg="HS256"),
        jwk(d="AA"),
        jwk(kid=7),
        jwk(key_ops=["sign"]),
        jwk(issuer=7),
        jwk(x="AA"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "k1"},
    ],
)
def test_what_cannot_be_used_is_left_out(unusable: object) -> None:
    assert set(read_key_set([unusable, jwk(kid="k9")], (*ALL, "HS256"))) == {("k9", "ES256")}


def test_a_name_that_stands_twice_is_nobodys() -> None:
    assert read_key_set([jwk(), jwk()], ALL) == {}
    assert set(read_key_set([jwk(), jwk("RS256")], ("ES256", "RS256"))) == {("k1", "ES256"), ("k1", "RS256")}


@pytest.mark.parametrize("listed", [None, {}, "keys", [jwk()] * 101])
def test_no_list_of_keys(listed: object) -> None:
    with pytest.raises(ValueError, match="no list of keys"):
        read_key_set(listed, ALL)


async def test_a_token_without_a_kid_needs_a_set_of_one(acme: Acme) -> None:
    acme.header = {"kid": None}
    acme.publish({"keys": [jwk(), jwk(kid="k2")]})
    assert (await acme.refused()).trouble == "identity_token_refused"


@pytest.mark.parametrize("jwks", [{"keys": []}, {"keys": "x"}, {}, []])
async def test_key_sets_that_hold_nothing(acme: Acme, jwks: object) -> None:
    acme.publish(jwks)
    assert (await acme.refused()).trouble == "provider_answered_badly"


async def test_whoever_hangs_up_first_ends_no_others_question() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def fetch() -> str:
        began.set()
        await go_on.wait()
        return "known"

    remembered = Remembered(ManualClock(), fetch)
    first, second = asyncio.create_task(remembered.get()), asyncio.create_task(remembered.get())
    await began.wait()
    first.cancel()
    go_on.set()
    assert await second == "known"


async def test_one_failure_is_told_to_all_who_wait() -> None:
    asked_for: list[int] = []

    async def fetch() -> str:
        asked_for.append(1)
        await asyncio.sleep(0)
        raise UpstreamFailed("provider_away")

    remembered = Remembered(ManualClock(), fetch)
    failures = await asyncio.gather(*(remembered.get() for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in failures] == [UpstreamFailed] * 5
    assert len(asked_for) == 1
