"""Signing out by a refresh token: its session ends whichever it was; everywhere takes one that could be refreshed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from coatcheck.accounts.account import Account
from coatcheck.tokens.refresh_token import new_refresh_token
from tests.keys.sites import signing_site
from tests.site import Site
from tests.tokens.holders import Held, events, is_alive, is_good, let_in, refreshed


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site whose access tokens are not for itself, so that they are no way to sign out."""
    async with signing_site(tmp_path, tokens={"audience": ["https://notes.example.org"]}) as opened:
        yield opened


@pytest.fixture
async def ann(site: Site) -> Account:
    """Make an account."""
    return await site.person()


async def sign_out(client: httpx.AsyncClient, token: str, *, everywhere: bool = False, **headers: str) -> int:
    body = {"refresh_token": token, "everywhere": everywhere}
    answer = await client.post("/api/sign-out", json=body, headers=headers)
    assert "set-cookie" not in answer.headers
    return answer.status_code


async def alive(site: Site, *held: Held) -> list[bool]:
    return [await is_alive(site, each.session) for each in held]


async def test_its_session_ends_and_no_other(site: Site, ann: Account) -> None:
    held, other = await let_in(site, ann), await let_in(site, ann)
    assert await sign_out(site.browser(), held.refresh) == 204
    assert await alive(site, held, other) == [False, True]
    assert await sign_out(site.browser(), held.refresh) == 204, "twice is no error"
    assert (await events(site, ann)).count("sign_out.done") == 1


@pytest.mark.parametrize("junk", ["x", "ccr_x", "a.b.c"])
async def test_what_presents_no_session(site: Site, ann: Account, junk: str) -> None:
    held = await let_in(site, ann)
    for token in (junk, new_refresh_token().whole.reveal(), held.access):
        assert await sign_out(site.browser(), token) == 204
        assert await sign_out(site.browser(), token, everywhere=True) == 401
    assert await alive(site, held) == [True]


async def test_a_header_that_has_run_out_does_not_keep_it(site: Site, ann: Account) -> None:
    """Clients send their access token with each call; at the end of a day it is an old one."""
    held = await let_in(site, ann)
    site.clock.advance(timedelta(hours=1))
    assert await sign_out(site.browser(), held.refresh, authorization=f"Bearer {held.access}") == 204
    assert await alive(site, held) == [False]


async def test_the_session_of_a_cookie_beside_it_goes_on(site: Site, ann: Account) -> None:
    held, browser = await let_in(site, ann), await site.signed_in()
    assert await sign_out(browser, held.refresh) == 204
    assert (await browser.get("/api/session")).status_code == 200


@pytest.mark.parametrize("which", ["current", "just replaced", "superseded"])
async def test_everywhere(site: Site, ann: Account, which: str) -> None:
    held, other, ben = await let_in(site, ann), await let_in(site, ann), await site.person("ben@example.org")
    of_ben = await let_in(site, ben)
    if which != "current":
        second = await refreshed(site, held.refresh)
        if which == "superseded":
            await refreshed(site, second.refresh)
    assert await sign_out(site.browser(), held.refresh, everywhere=True) == 204
    assert await alive(site, held, other, of_ben) == [False, False, True]
    assert not await is_good(site, other.access)
    assert "sessions.ended_all" in await events(site, ann)


@pytest.mark.parametrize("why", ["an old copy", "bound to a key", "run out"])
async def test_everywhere_by_one_that_could_not_be_refreshed(site: Site, ann: Account, why: str) -> None:
    """A thief of an old copy ends the session that it was from, as any replay does, and no other."""
    held, other = await let_in(site, ann), await let_in(site, ann, remember_me=True)
    if why == "an old copy":
        await refreshed(site, held.refresh)
        site.clock.advance(timedelta(seconds=11))
    elif why == "run out":
        site.clock.advance(timedelta(days=8))
    else:
        async with site.desk.database.writing() as tx:
            await tx.execute(text("UPDATE refresh_tokens SET cnf_jkt = 'a key'"))
    body = {"refresh_token": held.refresh, "everywhere": True}
    answer = await site.browser().post("/api/sign-out", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    assert await alive(site, held, other) == [False, True]


async def test_every_database(every_site: Site) -> None:
    ann = await every_site.person()
    held, other = await let_in(every_site, ann), await let_in(every_site, ann)
    assert await sign_out(every_site.browser(), held.refresh, everywhere=True) == 204
    assert await alive(every_site, held, other) == [False, False]
