"""Give back a token: its session ends, whichever of its tokens it was; what presents no session is no error."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from coatcheck.accounts.account import Account
from coatcheck.tokens.refresh_token import new_refresh_token
from tests.keys.sites import signing_site
from tests.site import PASSWORD, Site, sign_in
from tests.tokens.holders import events, is_alive, is_good, let_in, refreshed
from tests.tokens.provers import Prover

SESSION, ACCESS, REFRESH = "__Host-coatcheck", "__Host-coatcheck-access", "__Secure-coatcheck-refresh"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly."""
    async with signing_site(tmp_path, tokens={"audience": ["https://notes.example.org"]}) as opened:
        yield opened


@pytest.fixture
async def ann(site: Site) -> Account:
    """Make an account."""
    return await site.person()


async def revoke(client: httpx.AsyncClient, token: object) -> int:
    return (await client.post("/api/token/revoke", json={"token": token})).status_code


@pytest.mark.parametrize("which", ["refresh", "replaced", "access", "old access"])
async def test_any_token_ends_its_session(site: Site, ann: Account, which: str) -> None:
    first, other = await let_in(site, ann), await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    given = {
        "refresh": second.refresh,
        "replaced": first.refresh,
        "access": second.access,
        "old access": first.access,
    }[which]
    site.clock.advance(timedelta(minutes=1))
    assert await revoke(site.browser(), given) == 204
    assert not await is_alive(site, first.session)
    assert await is_alive(site, other.session)
    assert (await events(site, ann))[0] == "sign_out.done"
    assert await revoke(site.browser(), given) == 204, "twice is no error"
    assert (await events(site, ann)).count("sign_out.done") == 1


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
async def test_a_bound_one_needs_no_proof(site: Site, ann: Account, which: str) -> None:
    held = (await Prover(site).sign_in()).json()
    assert await revoke(site.browser(), held[which]) == 204
    assert not await is_alive(site, held["session"]["id"])


@pytest.mark.parametrize("junk", ["x", "ccr_x", "a.b.c", "é", "x" * 4096])
async def test_what_presents_no_session(site: Site, ann: Account, junk: str) -> None:
    browser = await site.signed_in()
    for token in (junk, new_refresh_token().whole.reveal()):
        answer = await browser.post("/api/token/revoke", json={"token": token})
        assert answer.status_code == 204
        assert "set-cookie" not in answer.headers, "the session in the cookie is another one, and goes on"
    assert (await browser.get("/api/session")).status_code == 200
    assert ann.is_active


async def test_by_its_cookie(site: Site, ann: Account) -> None:
    browser = site.browser()
    session = (await sign_in(browser, "ann@example.org", PASSWORD, present="token_cookies")).json()["session"]["id"]
    access = browser.cookies[ACCESS]
    assert await is_good(site, access)
    site.clock.advance(timedelta(minutes=20))
    assert (await browser.post("/api/token/revoke")).status_code == 204
    assert not {ACCESS, REFRESH} & set(browser.cookies)
    assert not await is_alive(site, session)
    assert (await events(site, ann))[0] == "sign_out.done"


async def test_another_site_cannot_have_it_sent(site: Site, ann: Account) -> None:
    browser = site.browser()
    session = (await sign_in(browser, "ann@example.org", PASSWORD, present="token_cookies")).json()["session"]["id"]
    for stranger in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        for call in ("/api/token/revoke", "/api/token/refresh"):
            assert (await browser.post(call, headers=stranger)).status_code == 403
    assert await is_alive(site, session)
    assert ann.is_active
