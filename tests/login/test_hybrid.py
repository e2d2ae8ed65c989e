"""One person, three ways in, as cookie and as tokens: one `authenticate` checks them all, and one call ends them all.

Ada has a password. She comes from GitHub and from her company, and shows by it that the account with her address is
hers; from then on either lets her in.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from coatcheck.accounts.account import Account
from coatcheck.errors import SessionEnded, TokenRefused
from coatcheck.keys.algorithms import base64url
from coatcheck.testing.providers import FakeGitHub, Someone
from coatcheck.verifier import Principal
from coatcheck.visit import Asked
from tests.login.companies import (
    ACME,
    leave_for_acme,
    prove_by_hand,
    saml_server,
    saml_table,
    sign_in_there,
    whoever,
)
from tests.login.providers import come_back, github_table, linked, shown_step, submit_step, today
from tests.servers.programs import Program
from tests.servers.walking import Walker
from tests.site import ORIGIN, PASSWORD, Site, open_site, sign_in

ADA = "ada@acme.example"
GITHUB = "github"
AT_GITHUB = Someone(handle="ada", number=1, name="Ada Byron", email=ADA)
VERIFIER = "v" * 43
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())
FOR_AN_APP = f"?challenge={CHALLENGE}&present=tokens"
WAYS = ("password", GITHUB, ACME)


@dataclass
class Hall:
    """Hold a site with all three ways in."""

    site: Site
    ada: Account

    async def go(self, browser: httpx.AsyncClient, way: str, query: str = "") -> httpx.Response:
        """Leave for a provider, sign in there as Ada, and come back."""
        if way == ACME:
            return await sign_in_there(browser, await leave_for_acme(browser, query), "ada")
        leaving = await browser.get(f"/login/{GITHUB}{query}")
        async with Walker(f"{ORIGIN}/login/{GITHUB}/callback") as walker:
            return await come_back(browser, await walker.choose(leaving.headers["location"], AT_GITHUB.label))

    async def in_a_browser(self, way: str) -> httpx.AsyncClient:
        """Sign in with cookies."""
        browser = self.site.browser()
        answer = await (sign_in(browser, ADA, PASSWORD) if way == "password" else self.go(browser, way))
        assert answer.status_code in (200, 303), answer.text
        return browser

    async def in_an_app(self, way: str) -> dict[str, Any]:
        """Sign in with tokens: an app asks for them itself, or fetches them once the browser came back."""
        async with self.site.machine() as app:
            if way == "password":
                return dict((await sign_in(app, ADA, PASSWORD, present="tokens")).json())
            async with self.site.browser() as browser:
                back = await self.go(browser, way, FOR_AN_APP)
            told = parse_qs(urlsplit(back.headers["location"]).query)
            assert list(told) == ["sign_in"], "nothing else goes through an address"
            fetched = await app.post(f"/api/sign-in/{told['sign_in'][0]}/collect", json={"verifier": VERIFIER})
            return dict(fetched.json())

    async def link(self, way: str) -> None:
        """Come by a provider for the first time: it is linked once the password showed whose the account is."""
        async with self.site.browser() as browser:
            step = await shown_step(browser, await self.go(browser, way))
            await submit_step(browser, step, factor="password", password=PASSWORD)
            assert (way, ADA) in await linked(browser)


@pytest.fixture
async def hall(saml_program: Program, tmp_path: Path) -> AsyncIterator[Hall]:
    async with FakeGitHub([AT_GITHUB], redirect_uris=[f"{ORIGIN}/login/{GITHUB}/callback"]) as github:
        table = github_table(github.url, client_id=github.client_id, client_secret=github.client_secret)
        with saml_server(saml_program) as acme:
            async with open_site(
                f"sqlite:///{tmp_path / 'site.db'}",
                tmp_path,
                clock=today(),
                providers={GITHUB: table},
                saml={ACME: saml_table(acme, tmp_path)},
            ) as site:
                await prove_by_hand(site)
                yield Hall(site, await site.person(ADA))


async def by_token(site: Site, tokens: dict[str, Any]) -> Principal:
    return await site.auth.authenticate(Asked(authorization=f"Bearer {tokens['access_token']}"))


async def test_one_person_three_ways_two_kinds_of_credential_one_end(hall: Hall) -> None:
    site = hall.site
    for way in (GITHUB, ACME):
        await hall.link(way)
    browsers = [await hall.in_a_browser(way) for way in WAYS]
    apps = [await hall.in_an_app(way) for way in WAYS]

    people = [await whoever(site, each) for each in browsers] + [await by_token(site, each) for each in apps]

    assert {each.subject for each in people} == {hall.ada.id}, "one account"
    assert len({each.session for each in people}) == 6, "six sessions"
    assert [each["session"]["amr"] for each in apps] == [["pwd"], ["fed"], ["fed"]]

    ended = await browsers[0].post("/api/sign-out", json={"everywhere": True})
    await site.follow_log()

    assert ended.status_code == 204
    for each in browsers[1:]:
        with pytest.raises(SessionEnded):
            await whoever(site, each)
    for tokens in apps:
        with pytest.raises(TokenRefused):
            await by_token(site, tokens)
        async with site.machine() as app:
            again = await app.post("/api/token/refresh", json={"refresh_token": tokens["refresh_token"]})
            assert again.status_code == 401, again.text
    for each in browsers:
        assert (await each.get("/api/session")).status_code == 401
        await each.aclose()
