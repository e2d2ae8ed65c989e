"""Metadata that is not there, is another's, or says what is not so."""

import json
from pathlib import Path
from typing import Any

import pytest

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import discovery
from coatcheck.doctor.outside.discovery import WELL_KNOWN
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import named
from tests.doctor.outside.deployment import Change, Deployment, deployed, found_in, instead
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

RIGHT: dict[str, Any] = {
    "issuer": ORIGIN,
    "jwks_uri": f"{ORIGIN}/.well-known/jwks.json",
    "token_endpoint": f"{ORIGIN}/oauth/token",
    "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
}


def saying(**changed: Any) -> Change:
    """Serve metadata with some members changed; None takes one out."""
    told = {name: value for name, value in {**RIGHT, **changed}.items() if value is not None}
    return instead(WELL_KNOWN, lambda _: (200, [("content-type", "application/json")], json.dumps(told).encode()))


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "right": ({}, []),
    "another-issuer": ({"issuer": "https://old.example.org"}, ["discovery-incoherent", "issuer-differs"]),
    "an-issuer-with-a-slash": ({"issuer": f"{ORIGIN}/"}, ["discovery-incoherent", "issuer-differs"]),
    "keys-of-another": ({"jwks_uri": "https://auth.example.org.evil.example/keys"}, ["discovery-incoherent"]),
    "no-keys": ({"jwks_uri": None}, ["discovery-incoherent"]),
    "what-is-not-there": ({"userinfo_endpoint": f"{ORIGIN}/oauth/nothing"}, ["discovery-incoherent"]),
    "none": ({"token_endpoint_auth_signing_alg_values_supported": ["RS256", "none"]}, ["none-offered"]),
    "hmac": ({"id_token_signing_alg_values_supported": ["HS256"]}, ["none-offered"]),
}


@pytest.mark.parametrize("case", list(CASES))
async def test_what_it_says(deployment: Deployment, case: str) -> None:
    changed, found = CASES[case]
    assert found_in(await deployment.looked(discovery.PROBE, saying(**changed))) == found


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null"], ids=["empty", "html", "a list", "null"])
async def test_what_is_no_metadata(deployment: Deployment, body: bytes) -> None:
    for status in (200, 404):
        other = instead(WELL_KNOWN, lambda _, status=status: (status, [], body))  # type: ignore[misc]
        assert found_in(await deployment.looked(discovery.PROBE, other)) == ["discovery-missing"]


async def test_a_public_url_that_is_another(authority: Authority, tmp_path: Path) -> None:
    """A proxy that passes all on under the name that is set makes it work, but services refuse the tokens."""
    async with deployed(tmp_path, authority, server={"public_url": "https://old.example.org"}) as served:
        looked = await served.looked(discovery.PROBE, named("old.example.org"))
    assert found_in(looked) == ["issuer-differs"]
    found = looked["issuer-differs"]
    assert isinstance(found, Finding)
    assert found.says == f"The issuer is https://old.example.org, but this is {ORIGIN}."
