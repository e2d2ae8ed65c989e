"""The fake of GitHub answers as GitHub's documentation says, to the odd ends."""

import base64
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest

from coatcheck.testing.providers import ADA, BEN, CEM, FakeGitHub, Someone
from tests.servers.codes import BACK, bearer
from tests.testing.coming import Client, client_of

SCOPES = "read:user user:email"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(FakeGitHub(), "/login/oauth/authorize", "/login/oauth/access_token") as client:
        yield client


@pytest.fixture
def github(client: Client) -> FakeGitHub:
    assert isinstance(client.fake, FakeGitHub)
    return client.fake


async def test_the_way_back(client: Client, github: FakeGitHub) -> None:
    arrived = await client.press(client.request(SCOPES), "Ada Example")
    assert arrived.answer.keys() == {"code", "state"}
    github.iss = "present"
    assert (await client.press(client.request(SCOPES), "Ada Example")).answer["iss"] == f"{github.url}/login/oauth"
    github.iss = "wrong"
    assert github.url not in (await client.press(client.request(SCOPES), "Ada Example")).answer["iss"]


async def test_cancelled(client: Client) -> None:
    arrived = await client.press(client.request(SCOPES), "Cancel")
    assert arrived.answer["error"] == "access_denied"
    assert arrived.answer["error_description"] == "The user has denied your application access."
    assert arrived.answer["state"] == "STATE"


async def test_another_redirect_uri_goes_to_the_registered_one() -> None:
    fake = FakeGitHub(redirect_uris=[BACK])
    async with client_of(fake, "/login/oauth/authorize", "/login/oauth/access_token") as client:
        other = client.request(SCOPES)
        other.back = "https://evil.example/"
        page = await client.api.get(other.at(f"{fake.url}/login/oauth/authorize"))
        assert page.headers["location"].startswith(f"{BACK}?error=redirect_uri_mismatch")


async def test_tokens_in_json_and_in_a_form(client: Client) -> None:
    given = await client.tokens(ADA, client.request(SCOPES))
    assert given == {"access_token": given["access_token"], "scope": "read:user,user:email", "token_type": "bearer"}
    assert given["access_token"].startswith("gho_")

    request = client.request(SCOPES)
    arrived = await client.press(request, "Ada Example")
    answer = await client.redeem(request, arrived.answer["code"], client_secret="guessed")
    assert answer.json()["error"] == "incorrect_client_credentials"
    form = request.redeeming(arrived.answer["code"]) | {"client_id": "client-1", "client_secret": "secret-1"}
    answer = await client.ask_token(form, accept="*/*")
    assert answer.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(answer.text)["scope"] == ["read:user,user:email"]


async def test_a_code_redeems_once_and_errors_have_status_200(client: Client, github: FakeGitHub) -> None:
    request = client.request(SCOPES)
    code = (await client.press(request, "Ada Example")).answer["code"]
    wrong = await client.redeem(request, code, code_verifier="x" * 43)
    assert wrong.json()["error"] == "bad_verification_code"
    elsewhere = await client.redeem(request, code, redirect_uri="https://evil.example/")
    assert elsewhere.json()["error"] == "redirect_uri_mismatch"
    assert "access_token" in (await client.redeem(request, code)).json()
    assert github.second_redeems == 0
    again = await client.redeem(request, code)
    assert (again.status_code, again.json()["error"]) == (200, "bad_verification_code")
    assert again.json()["error_description"] == "The code passed is incorrect or expired."
    assert again.json()["error_uri"].endswith("#bad-verification-code")
    assert github.second_redeems == 1


async def test_without_a_challenge_no_verifier(client: Client) -> None:
    request = client.request(SCOPES)
    request.has_challenge = False
    code = (await client.press(request, "Ada Example")).answer["code"]
    assert "error" in (await client.redeem(request, code)).json()
    form = request.redeeming(code) | {"client_id": "client-1", "client_secret": "secret-1"}
    del form["code_verifier"]
    assert "access_token" in (await client.ask_token(form)).json()


async def test_people_and_their_addresses(client: Client) -> None:
    token = (await client.tokens(BEN, client.request(SCOPES)))["access_token"]
    user = await client.get("/user", token)
    assert user.headers["x-oauth-scopes"] == "read:user, user:email"
    profile = user.json()
    assert (profile["id"], profile["login"], profile["email"]) == (9_000_002, "benhidden", None)
    assert (await client.get("/user/emails", token)).json() == [
        {"email": "old@example.net", "primary": False, "verified": True, "visibility": None},
        {"email": "ben@example.net", "primary": True, "verified": True, "visibility": "private"},
        {
            "email": "9000002+benhidden@users.noreply.github.com",
            "primary": False,
            "verified": True,
            "visibility": None,
        },
    ]
    token = (await client.tokens(CEM, client.request(SCOPES)))["access_token"]
    assert (await client.get("/user/emails", token)).json() == [
        {"email": "cem@example.org", "primary": True, "verified": False, "visibility": "private"}
    ]


async def test_a_name_that_nobody_told_is_null(client: Client, github: FakeGitHub) -> None:
    dan = Someone(handle="dan", number=9, email="dan@example.org")
    github.know(dan)
    token = (await client.tokens(dan, client.request(SCOPES)))["access_token"]
    profile = (await client.get("/user", token)).json()
    assert profile["name"] is None
    assert profile["login"] == "dan"


async def test_calls_that_are_refused(client: Client, github: FakeGitHub) -> None:
    dan = Someone(handle="dan", number=9, email="dan@example.org", withholds=frozenset({"user:email"}))
    github.know(dan)
    given = await client.tokens(dan, client.request(SCOPES))
    assert given["scope"] == "read:user"
    missing = await client.get("/user/emails", given["access_token"])
    assert (missing.status_code, missing.json()["message"]) == (404, "Not Found")
    nameless = await client.get("/user", given["access_token"], **{"user-agent": ""})
    assert (nameless.status_code, nameless.headers["content-type"]) == (403, "text/plain; charset=utf-8")
    stranger = await client.get("/user", "gho_guessed")
    assert (stranger.status_code, stranger.json()["message"]) == (401, "Bad credentials")


async def test_an_app_gets_tokens_that_expire(client: Client, github: FakeGitHub) -> None:
    github.is_app = True
    given = await client.tokens(ADA, client.request(SCOPES))
    assert (given["expires_in"], given["refresh_token_expires_in"], given["scope"]) == (28800, 15811200, "")
    form = {"client_id": "client-1", "client_secret": "secret-1", "grant_type": "refresh_token"}
    form["refresh_token"] = given["refresh_token"]
    renewed = (await client.ask_token(form)).json()
    assert renewed["refresh_token"] != given["refresh_token"]
    assert (await client.ask_token(form)).json()["error"] == "bad_refresh_token"


async def test_a_grant_is_given_back(client: Client, github: FakeGitHub) -> None:
    token = (await client.tokens(ADA, client.request(SCOPES)))["access_token"]
    basic = base64.b64encode(b"client-1:secret-1").decode()

    async def give_back(body: dict[str, str], authorization: str = f"Basic {basic}") -> int:
        address, headers = f"{github.url}/applications/client-1/grant", {"authorization": authorization}
        return (await client.api.request("DELETE", address, json=body, headers=headers)).status_code

    assert await give_back({"access_token": token}, "Basic eDp5") == 401
    assert await give_back({"wrong": token}) == 422
    assert await give_back({"access_token": token}) == 204
    assert await give_back({"access_token": token}) == 404
    assert (await client.api.get(f"{github.url}/user", headers=bearer(token))).status_code == 401
