"""The fake of Apple answers as its documentation says, and checks the secret that the site signs."""

from collections.abc import AsyncIterator
from typing import Any

import jwt
import msgspec
import pytest

from coatcheck.testing.providers import ADA, BEN, FakeApple
from coatcheck.testing.providers.signing import half_hash
from tests.servers.codes import claims_of, discovered
from tests.testing.coming import Client, client_of

SCOPE = "openid name email"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(FakeApple(), "/auth/authorize", "/auth/token") as client:
        client.fake.client_secret = secret_of(client.fake)
        yield client


@pytest.fixture
def apple(client: Client) -> FakeApple:
    assert isinstance(client.fake, FakeApple)
    return client.fake


def secret_of(fake: object, key: str = "", kid: str = "FAKEKEY001", **changed: Any) -> str:
    """Sign a secret as the site does."""
    assert isinstance(fake, FakeApple)
    now = fake.now()
    claims = {"iss": "FAKETEAM01", "iat": now, "exp": now + 300, "aud": fake.url, "sub": "example.app.web", **changed}
    return jwt.encode(claims, key or fake.client_key.pem.reveal(), "ES256", {"kid": kid})


def posted(client: Client, **more: str) -> Any:
    return client.request(SCOPE, response_mode="form_post", **more)


async def test_discovery(client: Client, apple: FakeApple) -> None:
    says = await discovered(client.api, f"{apple.url}/.well-known/openid-configuration")
    assert says["issuer"] == apple.url
    assert says["token_endpoint_auth_methods_supported"] == ["client_secret_post"]
    assert says.keys().isdisjoint({"userinfo_endpoint", "code_challenge_methods_supported"})


async def test_the_answer_is_posted_and_the_name_comes_once(client: Client, apple: FakeApple) -> None:
    first = await client.press(posted(client), "Ben Hidden")
    assert (first.method, set(first.answer)) == ("POST", {"code", "state", "user"})
    assert msgspec.json.decode(first.answer["user"]) == {
        "name": {"firstName": "Ben", "lastName": "Hidden"},
        "email": "relay2@privaterelay.appleid.com",
    }
    assert "user" not in (await client.press(posted(client), "Ben Hidden")).answer
    apple.forget(BEN)
    assert "user" in (await client.press(posted(client), "Ben Hidden")).answer
    apple.forged_user = '{"email":"ada@example.com"}'
    assert (await client.press(posted(client), "Ben Hidden")).answer["user"] == apple.forged_user


async def test_who_asks_for_a_name_must_take_a_form(client: Client) -> None:
    page = await client.page(client.request(SCOPE))
    assert page.status_code == 400
    assert "form_post" in page.text


async def test_cancelled(client: Client) -> None:
    arrived = await client.press(posted(client), "Cancel")
    assert arrived.answer == {"state": "STATE", "error": "user_cancelled_authorize"}


async def test_tokens(client: Client, apple: FakeApple) -> None:
    given = await client.tokens(BEN, posted(client))
    assert given.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "id_token"}
    assert jwt.get_unverified_header(given["id_token"]) == {"alg": "RS256", "kid": "fake-apple-1"}
    claims = claims_of(given["id_token"])
    assert claims == {
        "iss": apple.url,
        "aud": "example.app.web",
        "iat": claims["iat"],
        "exp": claims["iat"] + 86400,
        "auth_time": claims["iat"],
        "sub": "000002.fake0000000000000000000000000002.0002",
        "nonce": "NONCE",
        "nonce_supported": True,
        "at_hash": half_hash(given["access_token"]),
        "email": "relay2@privaterelay.appleid.com",
        "email_verified": "true",
        "is_private_email": "true",
    }
    apple.says_text = False
    claims = claims_of((await client.tokens(ADA, posted(client)))["id_token"])
    assert claims["email_verified"] is True
    assert "is_private_email" not in claims


async def test_a_refresh_brings_no_new_refresh_token(client: Client, apple: FakeApple) -> None:
    given = await client.tokens(ADA, posted(client))
    form = {"client_id": apple.client_id, "client_secret": apple.client_secret, "grant_type": "refresh_token"}
    form["refresh_token"] = given["refresh_token"]
    assert "refresh_token" not in (await client.ask_token(form)).json()
    revoke = f"{apple.url}/auth/revoke"
    assert (await client.api.post(revoke, data={**form, "token": given["refresh_token"]})).status_code == 200
    assert (await client.api.post(revoke, data={**form, "token": "unknown"})).status_code == 200
    assert (await client.ask_token(form)).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "OTHERTEAM1"},
        {"sub": "another.app"},
        {"aud": "https://evil.example"},
        {"exp": 1},
        {"exp": 4_000_000_000},
        {"kid": "OTHERKEY01"},
        {"key": FakeApple().client_key.pem.reveal()},
    ],
    ids=["team", "sub", "aud", "expired", "too long", "key id", "another's key"],
)
async def test_a_secret_that_is_wrong_in_one_way(client: Client, apple: FakeApple, changed: dict[str, Any]) -> None:
    request = posted(client)
    code = (await client.press(request, "Ada Example")).answer["code"]
    answer = await client.redeem(request, code, client_secret=secret_of(apple, **changed))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})
    assert (await client.redeem(request, code)).status_code == 200


@pytest.mark.parametrize("secret", ["", "secret-1", "a.b.c", "a.b", "..", "é.é.é"])
async def test_a_secret_that_is_none(client: Client, secret: str) -> None:
    request = posted(client)
    code = (await client.press(request, "Ada Example")).answer["code"]
    assert (await client.redeem(request, code, client_secret=secret)).json() == {"error": "invalid_client"}


async def test_it_knows_nothing_of_pkce(client: Client) -> None:
    request = posted(client)
    code = (await client.press(request, "Ada Example")).answer["code"]
    assert (await client.redeem(request, code, code_verifier="x" * 43)).status_code == 200


async def test_a_code_redeems_once(client: Client, apple: FakeApple) -> None:
    request = posted(client)
    code = (await client.press(request, "Ada Example")).answer["code"]
    assert (await client.redeem(request, code)).headers["content-type"] == "application/json;charset=ISO-8859-1"
    assert (await client.redeem(request, code)).json() == {"error": "invalid_grant"}
    assert apple.second_redeems == 1
