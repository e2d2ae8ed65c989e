"""A service's own tokens: one question for many callers, renewed in time, its secret never shown."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from coatcheck.verifier import ServiceTokens
from coatcheck.verifier.fetching import CannotFetch
from tests.verifier.issuer import AUDIENCE, SERVICE, Issuer


def tokens_of(issuer: Issuer) -> ServiceTokens:
    return ServiceTokens(issuer.url, credentials=SERVICE, clock=issuer.clock)


async def test_a_token_is_fetched_once_for_each_audience(issuer: Issuer) -> None:
    with tokens_of(issuer) as tokens:
        first = await tokens.header(AUDIENCE)
        assert first.startswith("Bearer service-token-0-notes")
        assert await tokens.header(AUDIENCE) == first
        assert tokens.header_sync(AUDIENCE) == first
        assert await tokens.header("https://mail.example.org") != first
    assert issuer.asked["/oauth/token"] == 2


async def test_many_callers_at_once_are_one_question(issuer: Issuer) -> None:
    with tokens_of(issuer) as tokens, ThreadPoolExecutor(20) as pool:
        loop = asyncio.get_running_loop()
        threads = [loop.run_in_executor(pool, tokens.header_sync, AUDIENCE) for _ in range(20)]
        found = await asyncio.gather(*threads, *(tokens.header(AUDIENCE) for _ in range(20)))
    assert len(set(found)) == issuer.asked["/oauth/token"] == 1


def test_a_token_is_renewed_before_it_runs_out(issuer: Issuer) -> None:
    with tokens_of(issuer) as tokens:
        first = tokens.header_sync(AUDIENCE)
        issuer.clock.advance(timedelta(seconds=719))
        assert tokens.header_sync(AUDIENCE) == first
        issuer.clock.advance(timedelta(seconds=1))
        assert tokens.header_sync(AUDIENCE) != first


def test_while_it_cannot_be_renewed_the_old_one_serves_to_its_end(issuer: Issuer) -> None:
    with tokens_of(issuer) as tokens:
        first = tokens.header_sync(AUDIENCE)
        issuer.instead["/oauth/token"] = lambda: (503, b"")
        issuer.clock.advance(timedelta(seconds=899))
        assert tokens.header_sync(AUDIENCE) == first
        issuer.clock.advance(timedelta(seconds=1))
        with pytest.raises(CannotFetch):
            tokens.header_sync(AUDIENCE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"access_token": "a b", "token_type": "Bearer"}',
        b'{"access_token": "a\\r\\nx: y", "token_type": "Bearer"}',
        b'{"access_token": "", "token_type": "Bearer"}',
        b'{"access_token": "a", "token_type": "DPoP"}',
        b" " * 100_000,
    ],
)
async def test_an_answer_without_a_bearer_token_is_refused(issuer: Issuer, body: bytes) -> None:
    issuer.instead["/oauth/token"] = lambda: (200, body)
    with tokens_of(issuer) as tokens, pytest.raises(CannotFetch):
        await tokens.header(AUDIENCE)


def test_the_secret_is_never_shown(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    issuer.instead["/oauth/token"] = lambda: (401, b'{"error": "invalid_client"}')
    with tokens_of(issuer) as tokens, pytest.raises(CannotFetch) as refused:
        tokens.header_sync(AUDIENCE)
    shown = [repr(tokens), repr(vars(tokens)), repr(vars(tokens._source)), str(refused.value), caplog.text]
    assert not any(SERVICE[1] in text for text in shown)


@pytest.mark.parametrize("url", ["http://auth.example.org", "https://auth.example.org/", "nonsense"])
def test_the_secret_goes_to_safe_addresses_alone(url: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        ServiceTokens(url, credentials=SERVICE)
