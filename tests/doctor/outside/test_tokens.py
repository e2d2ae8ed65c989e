"""Forged tokens, at servers that take one kind of them."""

import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Scope

from coatcheck.doctor.finding import Finding, NotRun, Passed
from coatcheck.doctor.outside import tokens
from coatcheck.verifier.canonical import decode_base64url
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import header_of, publishing, verifying_without_signature
from tests.doctor.outside.deployment import Change, Deployment, deployed, found_in, instead
from tests.doctor.outside.test_keys import rsa
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

Takes = Callable[[dict[str, Any], str], bool]


def verifying(takes: Takes) -> Change:
    """Stand in for `/verify`, by an answer that takes what it should not."""

    def answer(scope: Scope) -> Any:
        token = header_of(scope, "authorization").removeprefix("Bearer ")
        try:
            head = json.loads(decode_base64url(token.split(".")[0]))
            return (200, [], b"") if takes(head, token) else (404, [], b"")
        except ValueError:
            return 404, [], b""

    return instead("/verify", answer)


def under(secret: bytes, token: str) -> bool:
    """Tell whether a token has an HMAC under a secret."""
    signed, _, signature = token.rpartition(".")
    return decode_base64url(signature) == hmac.digest(secret, signed.encode(), "sha256")


CARELESS: dict[str, tuple[Takes, str]] = {
    "none": (lambda head, _: head["alg"] == "none", "alg-none-accepted"),
    "none-in-another-spelling": (lambda head, _: head["alg"] == "nOnE", "alg-none-accepted"),
    "its-own-key": (lambda head, _: "jwk" in head, "foreign-key-accepted"),
    "its-own-address-of-keys": (lambda head, _: "jku" in head, "foreign-key-accepted"),
    "a-file-for-a-key": (lambda head, token: head["kid"].endswith("/dev/null") and under(b"", token), "kid-followed"),
    "a-query-for-a-key": (lambda head, token: "UNION" in head["kid"] and under(b"", token), "kid-followed"),
}


@pytest.mark.parametrize("case", list(CARELESS))
async def test_each_forgery(deployment: Deployment, case: str) -> None:
    takes, code = CARELESS[case]
    assert found_in(await deployment.looked(tokens.PROBE, verifying(takes))) == [code]


async def test_a_public_key_that_is_taken_for_a_secret(deployment: Deployment) -> None:
    key = rsa(2**2047 + 2**1024 + 1)
    careless = verifying(lambda head, token: head["alg"] == "HS256" and under(key["n"].encode(), token))
    only = publishing(lambda listed: listed.insert(0, key))
    assert found_in(await deployment.looked(tokens.PROBE, careless, only)) == ["key-confusion-accepted"]


async def test_a_signature_that_nobody_checks(deployment: Deployment) -> None:
    """It takes a token of ours to see this, as what looks made up is refused for other reasons."""
    right = verifying(lambda head, token: head["alg"] == "EdDSA" and len(token.split(".")[2]) > 80)
    assert found_in(await deployment.looked(tokens.PROBE, right)) == []
    assert found_in(await deployment.looked(tokens.PROBE, right, with_permit=True)) == ["signature-unchecked"]


async def test_a_forged_token_of_a_live_session(deployment: Deployment) -> None:
    """A server that looks the session up refuses one that is nobody's; with a permit it has a session to believe in."""

    def takes(head: dict[str, Any], token: str) -> bool:
        claims = json.loads(decode_base64url(token.split(".")[1]))
        return bool(head["alg"] == "none" and claims["sid"] != "ses_" + "a" * 26)

    looked = await deployment.looked(tokens.PROBE, verifying(takes))
    assert found_in(looked) == []
    passed = looked["alg-none-accepted"]
    assert isinstance(passed, Passed)
    assert passed.says == "Tokens with no signature are refused: 4, of nobody, as there is no permit."
    assert isinstance(looked["signature-unchecked"], NotRun)
    assert found_in(await deployment.looked(tokens.PROBE, verifying(takes), with_permit=True)) == ["alg-none-accepted"]


async def test_at_the_api_as_at_verify(deployment: Deployment) -> None:
    def answer(scope: Scope) -> Any:
        token = header_of(scope, "authorization").removeprefix("Bearer ")
        return (200, [], b"{}") if token.endswith(".") else None

    assert found_in(await deployment.looked(tokens.PROBE, instead("/api/session", answer))) == ["alg-none-accepted"]
    assert found_in(await deployment.looked(tokens.PROBE, verifying_without_signature())) == ["alg-none-accepted"]


async def test_what_lets_junk_in_is_told_of_once(deployment: Deployment) -> None:
    """Where junk is taken, forged tokens show nothing; `verify-lets-in` tells of it."""
    anybody = instead("/verify", lambda _: (200, [], b""))
    assert found_in(await deployment.looked(tokens.PROBE, anybody, with_permit=True)) == []


async def test_a_secret_that_all_share(authority: Authority, tmp_path: Path) -> None:
    server = {"public_url": ORIGIN, "unsafe": ["SHARED_SECRET_TOKENS"]}
    async with deployed(tmp_path, authority, keys={"algorithm": "HS256"}, server=server) as served:
        looked = await served.looked(tokens.TOKEN_PROBE)
        assert isinstance((await served.looked(tokens.PROBE))["key-confusion-accepted"], NotRun)
    assert found_in(looked) == ["shared-secret-tokens"]
    found = looked["shared-secret-tokens"]
    assert isinstance(found, Finding)
    assert found.says == "Tokens are signed by HS256: whoever checks them can make them."
