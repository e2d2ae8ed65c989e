"""Holes that were found by reading bound tokens as a thief would, each with what an attacker got out of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from coatcheck.storage.tables.tokens import used_proofs
from coatcheck.tokens.refresh_token import new_refresh_token
from tests.keys.sites import signing_site
from tests.site import Site
from tests.tokens.provers import SIGN_OUT, Prover


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly, with somebody who has an account."""
    async with signing_site(tmp_path) as opened:
        await opened.person()
        yield opened


async def remembered(site: Site) -> int:
    """Count the proofs that the database remembers."""
    async with site.desk.database.reading() as db:
        return int((await db.execute(select(func.count()).select_from(used_proofs))).scalar_one())


async def test_a_stranger_has_nothing_written(site: Site) -> None:
    """Signing out everywhere by made-up tokens, each with a proof of a key of one's own, wrote a row for each call.

    No limit counts these calls, as who has a token has shown enough; so whoever has none could fill the table and hold
    up all who write.
    """
    stranger = Prover(site)
    for made_up in (new_refresh_token().whole.reveal(), "nonsense"):
        body = {"refresh_token": made_up, "everywhere": True}
        assert (await stranger.post("/api/sign-out", body, stranger.proof(SIGN_OUT))).status_code == 401
    assert await remembered(site) == 0
