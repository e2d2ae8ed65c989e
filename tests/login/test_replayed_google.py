"""Google's documented answers, through the whole site: slashes in codes, an issuer of two spellings, hosted domains."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, BEN, CEM, FakeGoogle
from tests.login.providers import linked, shown_step, submit_step, who
from tests.login.replays import Replay, replaying
from tests.site import PASSWORD

Google: TypeAlias = Replay[FakeGoogle]
GMAIL = replace(BEN, handle="gus", number=9, name="Gus", email="gus@gmail.com")
THIRD_PARTY = replace(BEN, handle="tia", number=10, name="Tia", email="tia@example.org", hosted_domain="")


@pytest.fixture
async def google(tmp_path: Path) -> AsyncIterator[Google]:
    """Run Google, and a site that people sign in to with it."""
    clock = ManualClock()
    async with replaying(FakeGoogle(clock=clock), tmp_path, clock, "google") as replay:
        replay.fake.know(GMAIL, THIRD_PARTY)
        yield replay


async def test_what_it_is_asked_for(google: Google) -> None:
    asked = await google.asked()
    assert asked["scope"] == "openid email profile"
    assert asked["prompt"] == "select_account"
    assert asked["code_challenge_method"] == "S256"
    assert "nonce" in asked
    assert "access_type" not in asked, "nothing is kept, so no refresh token is asked for"


async def test_a_code_with_a_slash_is_decoded_once_and_encoded_once(google: Google) -> None:
    async with google.site.browser() as browser:
        arrived = await google.arrive(browser, ADA)
    assert arrived.answer["code"].startswith("4/0A")
    assert await google.comes_in(ADA) == "ada@example.com"
    [redeemed] = google.fake.requests_at("token")
    assert redeemed.form["code"].startswith("4/0A")


async def test_more_comes_back_than_anybody_asked_for(google: Google) -> None:
    async with google.site.browser() as browser:
        arrived = await google.arrive(browser, ADA)
    assert {"iss", "code", "state", "scope", "authuser", "hd", "prompt"} == set(arrived.answer)
    assert arrived.answer["iss"] == google.fake.url


async def test_another_issuer_in_its_answer_is_a_mix_up(google: Google) -> None:
    google.change(answer_issuer="https://somebody-else.example")
    assert await google.stays_out(ADA) == "answer_of_another_issuer"


async def test_the_short_issuer_is_the_same_one(google: Google) -> None:
    assert await google.comes_in(ADA) == "ada@example.com"
    google.fake.short_issuer = True
    async with google.site.browser() as browser:
        await google.press(browser, ADA)
        assert await linked(browser) == [("google", "ada@example.com")], "the account of before, not another"


async def test_a_spelling_that_the_entry_does_not_name_is_another_issuer(google: Google) -> None:
    google.change(other_issuers=())
    google.fake.short_issuer = True
    assert await google.stays_out(ADA) == "identity_token_refused"
    assert "iss is '127.0.0.1:" in await google.trace()


async def test_an_address_of_gmail_or_of_a_workspace_is_believed(google: Google) -> None:
    assert await google.comes_in(GMAIL) == "gus@gmail.com"
    assert await google.comes_in(ADA) == "ada@example.com"


async def test_an_address_of_somebody_else_is_not_believed(google: Google) -> None:
    """`email_verified` is true, and as old as the day of that check: the mailbox may be another's by now."""
    assert await google.stays_out(THIRD_PARTY) == "no_proven_email"
    await google.site.person("tia@example.org")
    assert await google.stays_out(THIRD_PARTY) == "no_proven_email", "and no owner is asked about it either"


@pytest.mark.parametrize("hosted", [True, 1, ["example.org"], {}, ""])
async def test_a_hosted_domain_is_a_text(google: Google, hosted: object) -> None:
    google.fake.know(replace(THIRD_PARTY, claims={"hd": hosted}))
    assert await google.stays_out(THIRD_PARTY) == "no_proven_email"


@pytest.mark.parametrize("flag", [False, None, "true", 1])
async def test_the_flag_is_true_and_nothing_else(google: Google, flag: object) -> None:
    google.fake.know(replace(GMAIL, claims={"email_verified": flag}))
    assert await google.stays_out(GMAIL) == "no_proven_email"
    assert await google.stays_out(CEM) == "no_proven_email"


async def test_the_owner_of_an_address_of_a_workspace_is_asked(google: Google) -> None:
    await google.site.person("ada@example.com")
    async with google.site.browser() as browser:
        step = await shown_step(browser, await google.press(browser, ADA))
        assert await who(browser) is None
        await submit_step(browser, step, factor="password", password=PASSWORD)
        assert await linked(browser) == [("google", "ada@example.com")]


@pytest.mark.parametrize(
    ("error", "trouble", "words"),
    [
        ("invalid_grant", "code_refused", "answers 400, invalid_grant: Bad Request"),
        ("invalid_client", "client_refused", "answers 401, invalid_client: Unauthorized"),
        ("redirect_uri_mismatch", "client_refused", "answers 400, redirect_uri_mismatch: Bad Request"),
    ],
)
async def test_refusals_at_the_token_endpoint(google: Google, error: str, trouble: str, words: str) -> None:
    google.fake.refuse(error, at="token")
    assert await google.stays_out(ADA) == trouble
    assert words in await google.trace()


async def test_a_rotated_key_is_fetched_and_the_sign_in_goes_on(google: Google) -> None:
    assert await google.comes_in(ADA) == "ada@example.com"
    google.fake.rotate_keys()
    google.site.clock.advance(timedelta(minutes=10))
    assert await google.comes_in(ADA) == "ada@example.com"


async def test_cancelling_is_said(google: Google) -> None:
    assert await google.stays_out("Cancel") == "refused_there"
    assert await google.trace() == "refused_there: it said: access_denied"
