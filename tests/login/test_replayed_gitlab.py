"""GitLab's documented answers, through the whole site: ID tokens of two minutes, a name from elsewhere."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, CEM
from coatcheck.upstream.act_for import upstream_token
from tests.login.gitlab import FakeGitLab
from tests.login.replays import Replay, replaying

GitLab: TypeAlias = Replay[FakeGitLab]


@pytest.fixture
async def gitlab(tmp_path: Path) -> AsyncIterator[GitLab]:
    """Run GitLab, and a site that people sign in to with it."""
    clock = ManualClock()
    async with replaying(FakeGitLab(clock=clock), tmp_path, clock, "gitlab") as replay:
        yield replay


async def test_ada_comes_in_and_her_name_is_asked_for(gitlab: GitLab) -> None:
    async with gitlab.site.browser() as browser:
        await gitlab.press(browser, ADA)
        [linked] = (await browser.get("/api/identities")).json()["identities"]
    assert (linked["email"], linked["name"]) == ("ada@example.com", "Ada Example")
    assert await gitlab.comes_in(ADA) == "ada@example.com"
    asked = await gitlab.asked()
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid profile email", "S256")
    assert gitlab.fake.requests_at("token")[0].headers["authorization"].startswith("Basic ")


async def test_an_unverified_address_is_nobodys(gitlab: GitLab) -> None:
    assert await gitlab.stays_out(CEM) == "no_proven_email"


async def test_on_a_server_of_ones_own_an_administrator_confirms_addresses(gitlab: GitLab) -> None:
    gitlab.change(email_trust="owner")
    assert await gitlab.stays_out(ADA) == "no_proven_email"


async def test_userinfo_of_somebody_else_is_refused(gitlab: GitLab) -> None:
    """An access token may have been swapped for another's (OpenID Connect Core 5.3.2)."""
    gitlab.fake.userinfo_subject = "9000009"
    assert await gitlab.stays_out(ADA) == "identity_token_refused"
    assert "sub of userinfo is another than that of the ID token" in await gitlab.trace()


@pytest.mark.parametrize(("seconds", "is_in"), [(0, True), (45, True), (-45, True), (300, False), (-300, False)])
async def test_a_clock_that_is_off_fails_here_first(gitlab: GitLab, seconds: int, is_in: bool) -> None:
    gitlab.fake.clock_off(seconds)
    if is_in:
        assert await gitlab.comes_in(ADA) == "ada@example.com"
    else:
        assert await gitlab.stays_out(ADA) == "identity_token_refused"
        assert "our clock" in await gitlab.trace()


@pytest.mark.parametrize(
    ("error", "trouble"), [("invalid_grant", "code_refused"), ("invalid_client", "client_refused")]
)
async def test_its_refusals(gitlab: GitLab, error: str, trouble: str) -> None:
    gitlab.fake.refuse(error, at="token")
    assert await gitlab.stays_out(ADA) == trouble
    assert len(await gitlab.trace()) < 400, "its words are long, and cut"


async def test_cancelling_is_said(gitlab: GitLab) -> None:
    assert await gitlab.stays_out("Cancel") == "refused_there"
    gitlab.site.clock.advance(timedelta(seconds=1))
    assert await gitlab.comes_in(ADA) == "ada@example.com"


async def test_refreshing_ends_both_halves_and_the_new_ones_are_kept(gitlab: GitLab) -> None:
    gitlab.change(keeps_tokens=True)
    async with gitlab.site.browser() as browser:
        await gitlab.press(browser, ADA)
        account = (await browser.get("/api/session")).json()["account"]["id"]
    given = set()
    for _ in range(3):
        given.add((await upstream_token(gitlab.site.desk, account=account, provider="gitlab")).reveal())
        gitlab.site.clock.advance(timedelta(hours=3))
    assert len(given) == 3
    refreshed = [each.form.get("refresh_token") for each in gitlab.fake.requests_at("token")[1:]]
    assert len(set(refreshed)) == 2, "each refresh token was shown once"
