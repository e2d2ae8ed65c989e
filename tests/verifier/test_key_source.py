"""The issuer's keys: unknown key ids cost one question per interval; what lies or stalls leaves the old in force."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from coatcheck.errors import RevocationUnknown, TokenRefused
from coatcheck.verifier.fetching import CannotFetch, Fetcher
from coatcheck.verifier.key_source import ASK_AGAIN_AFTER_S, KEEP_FOR_S, KeySource
from tests.verifier.issuer import Issuer, Key, Reply, eventually
from tests.verifier.test_verifier import bearer, refuses, verifier_of


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher() as fetcher:
        yield fetcher


@pytest.fixture
async def source(issuer: Issuer, fetcher: Fetcher) -> KeySource:
    source = KeySource(issuer.url, ("EdDSA",), issuer.clock)
    await source.refresh(fetcher)
    return source


async def test_keys_are_found_by_their_name(source: KeySource) -> None:
    found = source.find("first")
    assert found is not None
    assert found.algorithm == "EdDSA"
    assert source.find("second") is None


async def test_many_unknown_keys_at_once_are_one_question(issuer: Issuer, source: KeySource, fetcher: Fetcher) -> None:
    issuer.clock.advance(timedelta(seconds=ASK_AGAIN_AFTER_S))
    asked = issuer.asked["/jwks"]
    await asyncio.gather(*(source.look_again(fetcher) for _ in range(50)))
    await source.look_again(fetcher)
    assert issuer.asked["/jwks"] == asked + 1
    assert not source.may_ask()
    issuer.clock.advance(timedelta(seconds=ASK_AGAIN_AFTER_S))
    assert source.may_ask()


def test_a_flood_of_unknown_keys_costs_one_question_per_interval(issuer: Issuer) -> None:
    strangers = [issuer.token(key=Key(f"stranger-{number}")) for number in range(300)]
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        asked = issuer.asked["/jwks"]
        for interval in range(1, 3):
            issuer.clock.advance(timedelta(seconds=ASK_AGAIN_AFTER_S))
            for token in strangers:
                with pytest.raises(TokenRefused):
                    verifier.authenticate_sync(bearer(token))
            assert issuer.asked["/jwks"] <= asked + interval


def test_a_new_key_is_found_when_a_token_names_it(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        old = issuer.token()
        issuer.key = Key("second")
        issuer.published.append(issuer.key)
        issuer.clock.advance(timedelta(seconds=ASK_AGAIN_AFTER_S))
        assert verifier.authenticate_sync(bearer(issuer.token())).subject == "acc_ann"
        assert verifier.check(old).subject == "acc_ann"


def private(issuer: Issuer) -> bytes:
    return json.dumps({"keys": [issuer.key.jwk() | {"d": "AAAA"}]}).encode()


EC_POINT = {"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
P256 = json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "ec"} | EC_POINT]}).encode()
LIES: dict[str, Callable[[Issuer], Reply | None]] = {
    "no answer": lambda issuer: None,
    "an error": lambda issuer: (500, b""),
    "a redirect": lambda issuer: (302, b""),
    "no JSON": lambda issuer: (200, b"<html>"),
    "no keys": lambda issuer: (200, b'{"keys": []}'),
    "a private key": lambda issuer: (200, private(issuer)),
    "one name twice": lambda issuer: (200, json.dumps({"keys": [issuer.key.jwk()] * 2}).encode()),
    "a megabyte": lambda issuer: (200, b" " * 1_000_000),
    "only a key of another algorithm": lambda issuer: (200, P256),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_lies_leaves_the_old_keys_in_force(
    issuer: Issuer, source: KeySource, fetcher: Fetcher, lie: str
) -> None:
    issuer.instead["/jwks"] = lambda: LIES[lie](issuer)
    with pytest.raises(CannotFetch):
        await source.reload(fetcher)
    assert source.find("first") is not None
    assert source.find("ec") is None


async def test_old_keys_are_in_force_for_an_hour(issuer: Issuer, source: KeySource) -> None:
    issuer.clock.advance(timedelta(seconds=KEEP_FOR_S))
    assert source.find("first") is not None
    issuer.clock.advance(timedelta(milliseconds=1))
    assert source.find("first") is None
    assert not source.in_force


def test_without_keys_in_force_a_token_is_not_called_bad(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.instead["/jwks"] = lambda: None
        issuer.instead["/.well-known/oauth-authorization-server"] = lambda: None
        issuer.clock.advance(timedelta(seconds=KEEP_FOR_S + 1))
        with pytest.raises(RevocationUnknown):
            verifier.check(issuer.token())


METADATA: dict[str, dict[str, str]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "plain http elsewhere": {"jwks_uri": "http://evil.example/jwks"},
    "another scheme": {"token_endpoint": "file:///etc/passwd"},
}


@pytest.mark.parametrize("lie", METADATA)
async def test_metadata_that_lie_are_not_believed(issuer: Issuer, fetcher: Fetcher, lie: str) -> None:
    told = json.dumps(issuer.metadata() | METADATA[lie]).encode()
    issuer.instead["/.well-known/oauth-authorization-server"] = lambda: (200, told)
    source = KeySource(issuer.url, ("EdDSA",), issuer.clock)
    with pytest.raises(CannotFetch):
        await source.refresh(fetcher)
    assert issuer.asked["/jwks"] == 0


async def test_keys_that_never_come_stop_nobody_else(issuer: Issuer) -> None:
    released = threading.Event()
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        asked = issuer.asked["/jwks"]
        issuer.instead["/jwks"] = lambda: (released.wait(30), None)[1]
        issuer.clock.advance(timedelta(seconds=ASK_AGAIN_AFTER_S))
        stranger = asyncio.create_task(verifier.authenticate(bearer(issuer.token(key=Key("stranger")))))
        await asyncio.to_thread(eventually, lambda: issuer.asked["/jwks"] == asked + 1)
        assert (await verifier.authenticate(bearer(issuer.token()))).subject == "acc_ann"
        with pytest.raises(TokenRefused):
            await stranger  # after two seconds, not when the keys come
        issuer.end(7)
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(7))))
        released.set()


async def test_an_answer_that_drips_is_given_up(issuer: Issuer, source: KeySource) -> None:
    """Each byte comes within any timeout of a single read; the whole never ends."""
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        try:
            while not gone.is_set():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Fetcher() as fetcher:
        with pytest.raises(CannotFetch, match="TimeoutError"):
            await fetcher.get(f"http://127.0.0.1:{port}/jwks", most=100_000, within=0.2)
        gone.set()
