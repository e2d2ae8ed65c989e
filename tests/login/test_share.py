"""An app that proves its key gets its share of sealed storage with each answer; another key, another share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.keys.sites import signing_site
from tests.site import Site
from tests.tokens.provers import Prover
from tests.verifier.tokens import signer


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly, with somebody who has an account."""
    async with signing_site(tmp_path) as opened:
        await opened.person()
        yield opened


async def test_the_same_with_each_answer_and_after_the_session(site: Site) -> None:
    app = Prover(site)
    first = (await app.sign_in()).json()
    second = (await app.refresh(first["refresh_token"])).json()
    again = (await app.sign_in()).json()
    assert len({each["storage_share"] for each in (first, second, again)}) == 1
    assert first["offline_scopes"] == second["offline_scopes"] == []
    other = (await Prover(site, signer("EdDSA")).sign_in()).json()
    assert other["storage_share"] != first["storage_share"]


async def test_whoever_proves_no_key_gets_none(site: Site) -> None:
    body = {"identifier": "ann@example.org", "password": "seven quiet lanterns drift", "present": "tokens"}
    given = (await Prover(site).post("/api/sign-in", body)).json()
    assert given["token_type"] == "Bearer"
    assert not {"storage_share", "offline_scopes"} & given.keys()
