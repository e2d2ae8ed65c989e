"""The fake of Google answers as Google's documentation says, to the odd ends."""

from collections.abc import AsyncIterator

import jwt
import pytest

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, BEN, CEM, FakeGoogle
from coatcheck.testing.providers.signing import half_hash
from coatcheck.verifier.jwk import keys_of
from tests.servers.codes import claims_of, discovered
from tests.testing.coming import Client, client_of


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(FakeGoogle(clock=ManualClock()), "/o/oauth2/v2/auth", "/token") as client:
        yield client


@pytest.fixture
def google(client: Client) -> FakeGoogle:
    assert isinstance(client.fake, FakeGoogle)
    return client.fake


async def test_discovery(client: Client, google: FakeGoogle) -> None:
    says = await discovered(client.api, f"{google.url}/.well-known/openid-configuration")
    assert says["issuer"] == google.url
    assert says["token_endpoint"] == f"{google.url}/token"
    assert says["code_challenge_methods_supported"] == ["plain", "S256"]
    assert "authorization_response_iss_parameter_supported" not in says


async def test_the_way_back_brings_more_than_was_asked(client: Client, google: FakeGoogle) -> None:
    arrived = await client.press(client.request(), "Ada Example")
    assert arrived.answer.keys() == {"state", "iss", "code", "scope", "authuser", "hd", "prompt"}
    assert arrived.answer["iss"] == google.url
    assert "/" in arrived.answer["code"]
    assert "code=4%2F0A" in arrived.address
    assert arrived.answer["scope"] == (
        "email profile openid https://www.googleapis.com/auth/userinfo.email "
        "https://www.googleapis.com/auth/userinfo.profile"
    )
    assert (await client.press(client.request(), "Cancel")).answer == {"state": "STATE", "error": "access_denied"}


async def test_the_id_token_is_signed_by_what_is_published(client: Client, google: FakeGoogle) -> None:
    given = await client.tokens(ADA)
    assert given["expires_in"] == 3599
    assert given["scope"].startswith("openid https://www.googleapis.com/auth/userinfo.email")
    keys = await discovered(client.api, f"{google.url}/oauth2/v3/certs")
    header = jwt.get_unverified_header(given["id_token"])
    assert header == {"alg": "RS256", "kid": "fake-google-1", "typ": "JWT"}
    key = jwt.PyJWKSet.from_dict(keys)[header["kid"]]
    claims = jwt.decode(given["id_token"], key, ["RS256"], audience="client-1", options={"verify_iat": False})
    now = google.now()
    assert claims == {
        "iss": google.url,
        "azp": "client-1",
        "aud": "client-1",
        "sub": "100000000000000000001",
        "hd": "example.com",
        "email": "ada@example.com",
        "email_verified": True,
        "at_hash": half_hash(given["access_token"]),
        "nonce": "NONCE",
        "name": "Ada Example",
        "picture": "https://lh3.example/a/fake",
        "given_name": "Ada",
        "family_name": "Example",
        "iat": now,
        "exp": now + 3600,
    }


async def test_who_has_no_workspace_and_who_proved_nothing(client: Client) -> None:
    claims = claims_of((await client.tokens(BEN))["id_token"])
    assert "hd" not in claims
    assert claims_of((await client.tokens(CEM))["id_token"])["email_verified"] is False


async def test_an_issuer_without_scheme(client: Client, google: FakeGoogle) -> None:
    google.short_issuer = True
    assert claims_of((await client.tokens(ADA))["id_token"])["iss"] in google.addresses["other_issuers"]  # type: ignore[operator]


async def test_a_refresh_token_comes_at_a_consent(client: Client) -> None:
    offline = client.request(access_type="offline")
    assert "refresh_token" not in await client.tokens(ADA, offline)
    given = await client.tokens(ADA, client.request(access_type="offline", prompt="consent"))
    form = {"client_id": "client-1", "client_secret": "secret-1", "grant_type": "refresh_token"}
    form["refresh_token"] = given["refresh_token"]
    renewed = (await client.ask_token(form)).json()
    assert "refresh_token" not in renewed
    assert renewed["access_token"] != given["access_token"]


@pytest.mark.parametrize(
    ("changed", "status", "error", "words"),
    [
        ({"client_secret": "guessed"}, 401, "invalid_client", "Unauthorized"),
        ({"code": "4/0Aguessed"}, 400, "invalid_grant", "Bad Request"),
        ({"code_verifier": "x" * 43}, 400, "invalid_grant", "Bad Request"),
        ({"redirect_uri": "https://evil.example/"}, 400, "redirect_uri_mismatch", "Bad Request"),
    ],
)
async def test_errors(client: Client, changed: dict[str, str], status: int, error: str, words: str) -> None:
    request = client.request()
    code = (await client.press(request, "Ada Example")).answer["code"]
    answer = await client.redeem(request, **{"code": code, **changed})
    assert answer.status_code == status
    assert answer.json() == {"error": error, "error_description": words}


async def test_a_code_redeems_once(client: Client, google: FakeGoogle) -> None:
    request = client.request()
    code = (await client.press(request, "Ada Example")).answer["code"]
    assert (await client.redeem(request, code)).status_code == 200
    assert (await client.redeem(request, code)).json()["error_description"] == "Code was already redeemed."
    assert google.second_redeems == 1


async def test_userinfo_and_revocation(client: Client, google: FakeGoogle) -> None:
    token = (await client.tokens(ADA))["access_token"]
    told = (await client.get("/v1/userinfo", token)).json()
    assert (told["sub"], told["email_verified"], told["hd"]) == ("100000000000000000001", True, "example.com")
    google.userinfo_subject = "somebody else"
    assert (await client.get("/v1/userinfo", token)).json()["sub"] == "somebody else"
    revoked = await client.api.post(f"{google.url}/revoke", data={"token": token})
    assert (revoked.status_code, revoked.json()) == (200, {})
    again = await client.api.post(f"{google.url}/revoke", data={"token": token})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")
    assert (await client.get("/v1/userinfo", token)).status_code == 401


async def test_our_own_reader_takes_its_keys(client: Client, google: FakeGoogle) -> None:
    jwks = await client.api.get(f"{google.url}/oauth2/v3/certs")
    assert keys_of(jwks.content).keys() == {"fake-google-1"}
