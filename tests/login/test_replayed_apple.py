"""Apple's documented answers, through the whole site: posted across sites, a name that comes once, signed secrets."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, BEN, CEM, FakeApple
from coatcheck.verifier.canonical import decode_base64url
from tests.authenticators import with_app
from tests.login.providers import NEXT, come_back, linked, shown_step, submit_step, trouble_of, who
from tests.login.replays import Replay, replaying
from tests.site import PASSWORD

Apple: TypeAlias = Replay[FakeApple]
FORGED = '{"name":{"firstName":"Eve","lastName":"Il"},"email":"ann@example.org"}'


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[Apple]:
    """Run Apple, and a site that people sign in to with it; its key is in the file that Apple gave."""
    clock = ManualClock()
    fake = FakeApple(clock=clock)
    file = tmp_path / f"AuthKey_{fake.key_id}.p8"
    file.touch(mode=0o600)
    file.write_text(fake.client_key.pem.reveal())
    table = {"client_id": fake.client_id, "key_file": file.name, "key_id": fake.key_id, "team_id": fake.team_id}
    async with replaying(fake, tmp_path, clock, "apple", table) as replay:
        yield replay


async def names(browser: httpx.AsyncClient) -> list[str]:
    """Give what the linked identities of whoever is signed in are called."""
    return [each["name"] for each in (await browser.get("/api/identities")).json()["identities"]]


async def test_what_it_is_asked_for(apple: Apple) -> None:
    asked = await apple.asked()
    assert asked["response_mode"] == "form_post"
    assert asked["scope"] == "openid name email"
    assert "nonce" in asked
    assert "code_challenge" not in asked, "none is documented"


async def test_its_answer_is_posted_from_its_site_without_our_cookies(apple: Apple) -> None:
    async with apple.site.browser() as browser:
        arrived = await apple.arrive(browser, ADA)
        assert arrived.method == "POST"
        assert set(arrived.answer) == {"state", "code", "user"}
        async with apple.site.browser() as bare:
            headers = {"origin": "https://appleid.apple.com", "sec-fetch-site": "cross-site"}
            parked = await bare.post(urlsplit(apple.back).path, data=arrived.answer, headers=headers)
        assert parked.headers.get_list("set-cookie") == [], "nothing begins by another site's request"
        hop = NEXT.search(parked.text)
        assert hop is not None, parked.text
        assert arrived.answer["code"] not in parked.text
        assert apple.fake.requests_at("token") == [], "nothing is redeemed before our own request"
        assert (await browser.get(hop[1].replace("&amp;", "&"))).status_code == 303
        assert await who(browser) == "ada@example.com"


async def test_the_secret_is_signed_for_each_call(apple: Apple) -> None:
    await apple.comes_in(ADA)
    apple.site.clock.advance(timedelta(days=200))
    await apple.comes_in(ADA)
    first, second = (each.form["client_secret"] for each in apple.fake.requests_at("token"))
    assert first != second
    header, claims = (msgspec.json.decode(decode_base64url(part)) for part in first.split(".")[:2])
    assert (header["alg"], header["kid"]) == ("ES256", "FAKEKEY001")
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("FAKETEAM01", "example.app.web", apple.fake.url)
    assert claims["exp"] - claims["iat"] == 300


@pytest.mark.parametrize("field", ["team_id", "key_id"])
async def test_a_wrong_team_or_key_is_said_to_the_operator(apple: Apple, field: str) -> None:
    wrong: dict[str, Any] = {field: "WRONG00000"}
    apple.change(client_key=replace(apple.fake.client_key, **wrong))
    assert await apple.stays_out(ADA) == "client_refused"
    assert "invalid_client" in await apple.trace()


async def test_the_name_comes_once_and_stays(apple: Apple) -> None:
    async with apple.site.browser() as browser:
        await apple.press(browser, ADA)
        assert await names(browser) == ["Ada Example"]
    async with apple.site.browser() as browser:
        arrived = await apple.arrive(browser, ADA)
        assert "user" not in arrived.answer
        await come_back(browser, arrived)
        assert await names(browser) == ["Ada Example"], "what it says no more was not taken back"
    apple.fake.forget(ADA)
    apple.fake.know(replace(ADA, name="Ada Newname"))
    async with apple.site.browser() as browser:
        await apple.press(browser, replace(ADA, name="Ada Newname"))
        assert await names(browser) == ["Ada Newname"]


async def test_the_name_is_kept_while_the_owner_is_asked_and_errs(apple: Apple) -> None:
    """A password, a wrong code and a right one later the name is still there, which Apple says once."""
    ann = await with_app(apple.site, email="ada@example.com")
    async with apple.site.browser() as browser:
        step = await shown_step(browser, await apple.press(browser, ADA))
        step = await shown_step(browser, await submit_step(browser, step, factor="password", password=PASSWORD))
        wrong = await submit_step(browser, step, factor="totp", code="000000")
        assert wrong.status_code == 401
        await submit_step(browser, wrong, factor="totp", code=ann.code(apple.site))
        assert await who(browser) == "ada@example.com"
        assert await names(browser) == ["Ada Example"]


async def test_a_name_that_was_lost_is_missing_and_nothing_fails(apple: Apple) -> None:
    """The first try ended at the token endpoint: Apple has told the name by then, and we had nobody to keep it for."""
    apple.fake.refuse("invalid_grant", at="token")
    assert await apple.stays_out(ADA) == "code_refused"
    apple.fake.behave()
    async with apple.site.browser() as browser:
        await apple.press(browser, ADA)
        assert await names(browser) == [""]
        assert await who(browser) == "ada@example.com"


async def test_what_the_browser_posts_about_the_person_decides_nothing(apple: Apple) -> None:
    """Unsigned: whoever holds the browser writes it. It says an address of somebody who has an account here."""
    await apple.site.person()
    apple.fake.forged_user = FORGED
    async with apple.site.browser() as browser:
        await apple.press(browser, ADA)
        assert await who(browser) == "ada@example.com"
        assert await names(browser) == ["Eve Il"], "a name to be shown, at the most"
        assert await linked(browser) == [("apple", "ada@example.com")]


@pytest.mark.parametrize("user", ["{", "[]", "null", '{"name":7}', '{"name":{"firstName":["x"]}}', "x" * 5000])
async def test_a_name_that_cannot_be_read_is_none(apple: Apple, user: str) -> None:
    apple.fake.forged_user = user
    async with apple.site.browser() as browser:
        assert trouble_of(await apple.press(browser, ADA)) is None
        assert await names(browser) == [""]


async def test_a_hidden_address_is_a_relay_of_apples(apple: Apple) -> None:
    assert await apple.comes_in(BEN) == "relay2@privaterelay.appleid.com"


async def test_an_address_that_is_shared_no_more_lets_them_in_again(apple: Apple) -> None:
    await apple.comes_in(ADA)
    apple.fake.know(replace(ADA, claims={"email": None, "email_verified": None}))
    async with apple.site.browser() as browser:
        await apple.press(browser, ADA)
        assert await who(browser) == "ada@example.com"
        assert await linked(browser) == [("apple", "ada@example.com")]


@pytest.mark.parametrize("says_text", [True, False])
async def test_flags_are_texts_or_truth_values(apple: Apple, says_text: bool) -> None:
    apple.fake.says_text = says_text
    assert await apple.comes_in(ADA) == "ada@example.com"
    assert await apple.stays_out(CEM) == "no_proven_email", "the text false is no truth"


async def test_it_has_no_userinfo_and_a_token_without_address_names_nobody_new(apple: Apple) -> None:
    apple.fake.know(replace(ADA, claims={"email": None}))
    assert await apple.stays_out(ADA) == "no_proven_email"


async def test_cancelling_is_said(apple: Apple) -> None:
    assert await apple.stays_out("Cancel") == "refused_there"
    assert await apple.trace() == "refused_there: it said: user_cancelled_authorize"


async def test_a_code_runs_out_in_five_minutes(apple: Apple) -> None:
    async with apple.site.browser() as browser:
        arrived = await apple.arrive(browser, ADA)
        apple.site.clock.advance(timedelta(minutes=6))
        assert trouble_of(await come_back(browser, arrived)) == "code_refused"
    assert re.search(r"answers 400, invalid_grant", await apple.trace())
