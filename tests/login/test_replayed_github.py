"""GitHub's documented answers, through the whole site: a list of addresses, refusals with status 200, odd scopes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, BEN, CEM, MALLORY, FakeGitHub
from tests.login.providers import come_back, linked, trouble_of, who
from tests.login.replays import Replay, replaying

GitHub: TypeAlias = Replay[FakeGitHub]
REFUSED = {
    "bad_verification_code": ("code_refused", "The code passed is incorrect or expired."),
    "incorrect_client_credentials": ("client_refused", "client_secret passed are incorrect"),
    "redirect_uri_mismatch": ("client_refused", "MUST match the registered callback URL"),
    "unverified_user_email": ("code_refused", "The user must have a verified primary email."),
}


@pytest.fixture
async def github(tmp_path: Path) -> AsyncIterator[GitHub]:
    """Run GitHub, and a site that people sign in to with it."""
    clock = ManualClock()
    async with replaying(FakeGitHub(clock=clock), tmp_path, clock, "github") as replay:
        yield replay


async def test_what_it_is_asked_for(github: GitHub) -> None:
    asked = await github.asked()
    assert asked["scope"] == "read:user user:email"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == github.back
    assert "nonce" not in asked


async def test_ada_comes_in_and_comes_again(github: GitHub) -> None:
    assert await github.comes_in(ADA) == await github.comes_in(ADA) == "ada@example.com"
    assert github.fake.second_redeems == 0
    [redeemed, _] = github.fake.requests_at("token")
    assert redeemed.headers["accept"] == "application/json"
    assert len(redeemed.form["code_verifier"]) == 43
    assert github.fake.requests_at("userinfo")[0].headers["user-agent"] == "coatcheck"


async def test_a_private_address_is_in_a_list_of_its_own(github: GitHub) -> None:
    """Ben's profile has none; his list has an old one, the primary one, and one that is no mailbox."""
    async with github.site.browser() as browser:
        await github.press(browser, BEN)
        assert await linked(browser) == [("github", "ben@example.net")]


async def test_an_unverified_address_is_nobodys(github: GitHub) -> None:
    """Cem's stands in his public profile all the same, which anybody can write."""
    assert await github.stays_out(CEM) == "no_proven_email"
    assert await github.stays_out(MALLORY) == "no_proven_email"


async def test_a_verified_address_that_is_not_the_primary_one_does_not_do(github: GitHub) -> None:
    github.fake.know(replace(CEM, more_emails=(("ada@example.com", True),)))
    assert await github.stays_out(CEM) == "no_proven_email"


async def test_the_id_is_who_somebody_is_whatever_they_are_called(github: GitHub) -> None:
    """A login name changes hands: whoever takes Ada's does not come into her account."""
    await github.comes_in(ADA)
    github.fake.know(replace(ADA, name="Somebody Else", email="else@example.com"))
    assert await github.comes_in(replace(ADA, name="Somebody Else")) == "ada@example.com"
    github.fake.know(replace(ADA, number=77, email="new@example.com"))
    assert await github.comes_in(ADA) == "new@example.com"


@pytest.mark.parametrize("error", REFUSED)
async def test_a_refusal_comes_with_status_200(github: GitHub, error: str) -> None:
    trouble, words = REFUSED[error]
    github.fake.refuse(error, at="token")
    assert await github.stays_out(ADA) == trouble
    assert f"answers 200, {error}: " in await github.trace()
    assert words in await github.trace()


async def test_a_token_answer_may_be_a_form(github: GitHub) -> None:
    """So it is for whoever asks for no JSON."""
    github.change(token_headers={"Accept": "*/*"})
    assert await github.comes_in(ADA) == "ada@example.com"
    github.fake.refuse("bad_verification_code", at="token")
    assert await github.stays_out(ADA) == "code_refused"


async def test_a_scope_that_was_not_granted_hides_the_list(github: GitHub) -> None:
    """The list is 404 then: no address, and whoever was here before comes in all the same."""
    await github.comes_in(ADA)
    for each in (ADA, BEN):
        github.fake.know(replace(each, withholds=frozenset({"user:email"})))
    assert await github.comes_in(ADA) == "ada@example.com"
    assert await github.stays_out(BEN) == "no_proven_email"


@pytest.mark.parametrize("iss", ["absent", "present"])
async def test_an_issuer_in_its_answer_may_be_there(github: GitHub, iss: str) -> None:
    github.fake.iss = iss  # type: ignore[assignment]
    assert await github.comes_in(ADA) == "ada@example.com"


async def test_another_issuer_in_its_answer_is_a_mix_up(github: GitHub) -> None:
    github.fake.iss = "wrong"
    assert await github.stays_out(ADA) == "answer_of_another_issuer"
    assert "https://evil.example/login/oauth" in await github.trace()
    assert github.fake.requests_at("token") == [], "the code went nowhere"


async def test_a_github_app_gives_tokens_without_scopes(github: GitHub) -> None:
    github.fake.is_app = True
    assert await github.comes_in(BEN) == "ben@example.net"


async def test_cancelling_and_an_unregistered_address_come_back_as_errors(github: GitHub) -> None:
    assert await github.stays_out("Cancel") == "refused_there"
    assert "The user has denied your application access." in await github.trace()
    github.fake.refuse("redirect_uri_mismatch")
    assert await github.turned_away() == "refused_there"
    assert "MUST match the registered callback URL" in await github.trace()


async def test_bad_credentials_at_the_api(github: GitHub) -> None:
    body = b'{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}'
    github.fake.send(body, at="userinfo", status=401)
    assert await github.stays_out(ADA) == "provider_answered_badly"


async def test_a_code_is_redeemed_once_though_it_comes_twice(github: GitHub) -> None:
    async with github.site.browser() as browser:
        arrived = await github.arrive(browser, ADA)
        await come_back(browser, arrived)
        assert trouble_of(await come_back(browser, arrived)) == "trip_unknown"
        assert await who(browser) == "ada@example.com", "who is in stays in"
    assert github.fake.second_redeems == 0
    assert len(github.fake.requests_at("token")) == 1
