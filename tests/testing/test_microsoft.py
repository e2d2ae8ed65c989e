"""The fake of Microsoft answers as its documentation says: tenants, typed addresses, numbered errors."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, MALLORY, FakeMicrosoft
from coatcheck.testing.providers.people import HOME_TENANT, OTHER_TENANT, PERSONAL_TENANT
from tests.servers.codes import BACK, claims_of, discovered
from tests.servers.walking import Walker
from tests.testing.coming import Client, client_of

DISCOVERY = "/v2.0/.well-known/openid-configuration"
PAT = replace(ADA, handle="pat", number=8, name="Pat Personal", tenant=PERSONAL_TENANT)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    fake = FakeMicrosoft(clock=ManualClock())
    fake.know(PAT)
    async with client_of(fake, "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token") as client:
        yield client


@pytest.fixture
def microsoft(client: Client) -> FakeMicrosoft:
    assert isinstance(client.fake, FakeMicrosoft)
    return client.fake


@pytest.mark.parametrize(
    ("tenant", "issuer"),
    [
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", PERSONAL_TENANT),
        (HOME_TENANT, HOME_TENANT),
    ],
)
async def test_discovery(client: Client, microsoft: FakeMicrosoft, tenant: str, issuer: str) -> None:
    says = await discovered(client.api, f"{microsoft.url}/{tenant}{DISCOVERY}")
    assert says["issuer"] == f"{microsoft.url}/{issuer}/v2.0"
    assert says["token_endpoint"] == f"{microsoft.url}/{tenant}/oauth2/v2.0/token"
    assert says.keys().isdisjoint({"code_challenge_methods_supported", "revocation_endpoint"})
    keys = await discovered(client.api, says["jwks_uri"])
    assert [key["issuer"] for key in keys["keys"]] == [says["issuer"]]


async def test_the_way_back(client: Client, microsoft: FakeMicrosoft) -> None:
    arrived = await client.press(client.request(), "Ada Example")
    assert (arrived.method, set(arrived.answer)) == ("GET", {"code", "state", "session_state"})
    assert arrived.answer["code"].startswith("1.")
    posted = await client.press(client.request(response_mode="form_post"), "Ada Example")
    assert (posted.method, set(posted.answer)) == ("POST", {"code", "state", "session_state"})
    cancelled = {"error": "access_denied", "error_description": "the user canceled the authentication"}
    assert (await client.press(client.request(), "Cancel")).answer == {**cancelled, "state": "STATE"}
    microsoft.leaves_out_state = True
    assert (await client.press(client.request(), "Cancel")).answer == cancelled


async def test_the_id_token(client: Client, microsoft: FakeMicrosoft) -> None:
    given = await client.tokens(ADA)
    assert (given["scope"], given["expires_in"], given["ext_expires_in"]) == ("openid email profile", 3599, 3599)
    assert "refresh_token" not in given
    now = microsoft.now()
    assert claims_of(given["id_token"]) == {
        "aud": "client-1",
        "iss": f"{microsoft.url}/{HOME_TENANT}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "name": "Ada Example",
        "nonce": "NONCE",
        "oid": "00000001-1111-4222-8333-44444444444a",
        "preferred_username": "ada@example.com",
        "email": "ada@example.com",
        "rh": "ignore",
        "sub": "FAKEpairwiseada",
        "tid": HOME_TENANT,
        "uti": "FAKEuti",
        "ver": "2.0",
    }
    userinfo = await client.get("/oidc/userinfo", given["access_token"])
    assert userinfo.json()["sub"] == "FAKEpairwiseada"


async def test_mallory_has_adas_address_and_nothing_else_of_hers(client: Client) -> None:
    ada = claims_of((await client.tokens(ADA))["id_token"])
    mallory = claims_of((await client.tokens(MALLORY))["id_token"])
    assert mallory["email"] == ada["email"]
    assert all(mallory[name] != ada[name] for name in ("oid", "sub", "tid", "iss"))
    assert "xms_edov" not in mallory


@pytest.mark.parametrize("edov", [True, 1, "1", "true", False, 0, "0"], ids=repr)
async def test_what_it_says_of_a_domain(client: Client, microsoft: FakeMicrosoft, edov: object) -> None:
    microsoft.know(replace(MALLORY, edov=edov))
    found = claims_of((await client.tokens(MALLORY))["id_token"])["xms_edov"]
    assert (found, type(found)) == (edov, type(edov))


@pytest.mark.parametrize("claims", [{"tid": OTHER_TENANT}, {"tid": None}, {"tid": "{tenantid}"}, {"tid": "../x"}])
async def test_lies(client: Client, microsoft: FakeMicrosoft, claims: dict[str, str | None]) -> None:
    microsoft.know(replace(ADA, claims=claims))
    told = claims_of((await client.tokens(ADA))["id_token"])
    assert told["iss"] == f"{microsoft.url}/{HOME_TENANT}/v2.0"
    assert told.get("tid") == claims["tid"]
    assert ("tid" in told) == (claims["tid"] is not None)


@pytest.mark.parametrize(
    ("tenant", "let_in"),
    [
        ("organizations", {"Ada Example": True, "Pat Personal": False}),
        ("consumers", {"Ada Example": False, "Pat Personal": True}),
        (HOME_TENANT, {"Ada Example": True, "Mallory": False}),
    ],
)
async def test_who_may_enter(client: Client, microsoft: FakeMicrosoft, tenant: str, let_in: dict[str, bool]) -> None:
    for who, may in let_in.items():
        async with Walker(BACK) as walker:
            page = await walker.open(client.request().at(f"{microsoft.url}/{tenant}/oauth2/v2.0/authorize"))
            if may:
                assert "code" in (await walker.press(page, who)).answer
            else:
                assert "AADSTS50020" in (await walker.press_in_vain(page, who)).text


async def test_an_address_that_is_not_registered_stays_there() -> None:
    fake = FakeMicrosoft(redirect_uris=["https://app.example.org/other"])
    async with client_of(fake, "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token") as client:
        page = await client.page(client.request())
    assert page.status_code == 400
    assert "AADSTS50011" in page.text


async def test_errors_have_numbers(client: Client, microsoft: FakeMicrosoft) -> None:
    request = client.request()
    code = (await client.press(request, "Ada Example")).answer["code"]
    wrong = (await client.redeem(request, code, code_verifier="x" * 43)).json()
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_grant", [501481])
    secret = await client.redeem(request, code, client_secret="guessed")
    assert secret.status_code == 401
    assert (secret.json()["error"], secret.json()["error_codes"]) == ("invalid_client", [7000215])
    await client.redeem(request, code)
    again = await client.redeem(request, code)
    told = again.json()
    assert again.status_code == 400
    assert told.keys() == {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"}
    assert told["error_description"].startswith("AADSTS54005: OAuth2 Authorization code was already redeemed")
    assert told["trace_id"] in told["error_description"]
    assert microsoft.second_redeems == 1
    microsoft.refuse("7000222", at="token")
    assert (await client.redeem(request, code)).json()["error_codes"] == [7000222]


async def test_refresh_tokens_turn_over(client: Client) -> None:
    given = await client.tokens(ADA, client.request("openid offline_access"))
    form = {"client_id": "client-1", "client_secret": "secret-1", "grant_type": "refresh_token"}
    form["refresh_token"] = given["refresh_token"]
    renewed = (await client.ask_token(form)).json()
    assert renewed["refresh_token"] != given["refresh_token"]
    assert (await client.ask_token(form)).json()["error_codes"] == [70008]
