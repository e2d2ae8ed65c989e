"""Other people's identity providers do what our tests rest on: each is walked through as by a browser and a client."""

import secrets
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.codes import BACK, Request, bearer, challenge_of, claims_of, discovered
from tests.servers.others import SECRET, ForgingServer, OAuthServer, OpenIdServer, Person, by_key, by_secret
from tests.servers.programs import Program
from tests.servers.walking import Walker

ADA = Person(
    claims={"email": "ada@example.com", "email_verified": True, "name": "Ada Example", "groups": ["staff"]},
    emails=[{"email": "ada@example.com", "primary": True, "verified": True, "visibility": "private"}],
    amr=["pwd", "otp"],
    acr="urn:example:two",
)
LATE = Person(signed_in_ago=7200)
KEY = rsa.generate_private_key(65537, 2048)
JWK = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"alg": "RS256", "use": "sig", "kid": "ours"}
BASIC = ("by-secret", SECRET)


@pytest.fixture(scope="module")
def openid(node_servers: Program) -> Iterator[OpenIdServer]:
    clients = [by_secret("by-secret", BACK), by_key("by-key", JWK, BACK)]
    with OpenIdServer(node_servers, people={"ada": ADA, "late": LATE}, clients=clients) as server:
        yield server


@pytest.fixture(scope="module")
def oauth(node_servers: Program) -> Iterator[OAuthServer]:
    with OAuthServer(node_servers, people={"ada": ADA}, clients={"by-secret": [BACK]}) as server:
        yield server


@pytest.fixture(scope="module")
def forging(mock_program: Program) -> Iterator[ForgingServer]:
    with ForgingServer(mock_program) as server:
        yield server


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def assertion(audience: str) -> dict[str, str]:
    """Prove the client by its key."""
    now = int(time.time())
    claims = {
        "iss": "by-key",
        "sub": "by-key",
        "aud": audience,
        "jti": secrets.token_hex(8),
        "iat": now,
        "exp": now + 60,
    }
    return {
        "client_id": "by-key",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, KEY, "RS256", {"kid": "ours"}),
    }


async def test_openid_says_what_it_can(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    assert says["issuer"] == openid.url
    assert says["authorization_response_iss_parameter_supported"] is True
    assert says["code_challenge_methods_supported"] == ["S256"]
    assert {"client_secret_basic", "private_key_jwt"} <= set(says["token_endpoint_auth_methods_supported"])
    assert {"RS256", "ES256"} <= set(says["id_token_signing_alg_values_supported"])


async def test_openid_by_secret(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    request = Request("by-secret", more={"max_age": "600"})
    async with Walker(BACK) as walker:
        arrived = await walker.sign_in(request.at(says["authorization_endpoint"]), "ada")
    assert (arrived.method, arrived.answer["state"], arrived.answer["iss"]) == ("GET", "STATE", openid.url)

    redeeming = request.redeeming(arrived.answer["code"])
    given = (await api.post(says["token_endpoint"], data=redeeming, auth=BASIC)).json()
    claims = claims_of(given["id_token"])
    assert (claims["sub"], claims["nonce"], claims["aud"]) == ("ada", "NONCE", "by-secret")
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp"], "urn:example:two")
    assert 0 <= time.time() - claims["auth_time"] < 60
    assert "email" not in claims, "what scopes are for is told by userinfo"
    userinfo = (await api.get(says["userinfo_endpoint"], headers=bearer(given["access_token"]))).json()
    assert userinfo["sub"] == "ada"
    assert userinfo["email_verified"] is True

    again = await api.post(says["token_endpoint"], data=redeeming, auth=BASIC)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_openid_by_key_with_pushed_request_and_form_post(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    request = Request(
        "by-key",
        scope="openid offline_access",
        more={"response_mode": "form_post", "prompt": "consent"},
    )
    pushed = (
        await api.post(
            says["pushed_authorization_request_endpoint"], data=request.parameters | assertion(says["issuer"])
        )
    ).json()
    async with Walker(BACK) as walker:
        start = httpx.URL(
            says["authorization_endpoint"], params={"client_id": "by-key", "request_uri": pushed["request_uri"]}
        )
        arrived = await walker.sign_in(str(start), "ada")
    assert (arrived.method, arrived.answer["iss"]) == ("POST", openid.url)
    given = (
        await api.post(
            says["token_endpoint"], data=request.redeeming(arrived.answer["code"]) | assertion(says["issuer"])
        )
    ).json()

    refreshing = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    renewed = (await api.post(says["token_endpoint"], data=refreshing | assertion(says["issuer"]))).json()
    assert renewed["refresh_token"] != given["refresh_token"]
    token = {"token": renewed["refresh_token"]}
    assert (await api.post(says["revocation_endpoint"], data=token | assertion(says["issuer"]))).status_code == 200
    userinfo = await api.get(says["userinfo_endpoint"], headers=bearer(renewed["access_token"]))
    assert userinfo.status_code == 401


async def test_openid_takes_no_wrong_word(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    request = Request("by-secret")
    async with Walker(BACK) as walker:
        page = await walker.open(request.at(says["authorization_endpoint"]))
        again = await walker.press_in_vain(page, "Sign in", {"name": "ada", "password": "wrong"})
        assert "Wrong name or password" in again.text
        arrived = await walker.press(again, "Sign in", {"name": "ada", "password": "secret"})
    redeeming = request.redeeming(arrived.answer["code"])
    wrong = redeeming | {"code_verifier": "x" * 43}
    assert (await api.post(says["token_endpoint"], data=wrong, auth=BASIC)).json()["error"] == "invalid_grant"
    stranger = await api.post(says["token_endpoint"], data=redeeming, auth=("by-secret", "guessed"))
    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client")
    without = Request("by-secret").parameters | {"code_challenge": "", "code_challenge_method": ""}
    async with Walker(BACK) as walker:
        refused = await walker.back_from(str(httpx.URL(says["authorization_endpoint"], params=without)))
    assert refused.answer["error"] == "invalid_request"


async def test_openid_is_cancelled(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    async with Walker(BACK) as walker:
        arrived = await walker.cancel(Request("by-secret").at(says["authorization_endpoint"]))
    assert arrived.answer["error"] == "access_denied"
    assert (arrived.answer["state"], arrived.answer["iss"]) == ("STATE", openid.url)


async def test_openid_asks_again_after_max_age(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    at = says["authorization_endpoint"]
    async with Walker(BACK) as walker:
        await walker.sign_in(Request("by-secret").at(at), "ada")
        assert "code" in (await walker.back_from(Request("by-secret").at(at))).answer, "it remembers the browser"
        assert "code" in (await walker.sign_in(Request("by-secret", more={"max_age": "0"}).at(at), "ada")).answer


async def test_openid_tells_an_old_sign_in_where_a_test_wants_it(openid: OpenIdServer, api: httpx.AsyncClient) -> None:
    says = await discovered(api, openid.discovery)
    request = Request("by-secret", more={"max_age": "60"})
    async with Walker(BACK) as walker:
        arrived = await walker.sign_in(request.at(says["authorization_endpoint"]), "late")
    given = (await api.post(says["token_endpoint"], data=request.redeeming(arrived.answer["code"]), auth=BASIC)).json()
    assert time.time() - claims_of(given["id_token"])["auth_time"] >= 7200


async def test_openid_by_settings(node_servers: Program, api: httpx.AsyncClient) -> None:
    clients = [by_secret("by-secret", BACK, id_token_signed_response_alg="ES256")]
    with OpenIdServer(
        node_servers,
        people={"ada": ADA},
        clients=clients,
        demands_par=True,
        demands_pkce=False,
        rotates=False,
        claims_in_id_token=True,
    ) as server:
        says = await discovered(api, server.discovery)
        request = Request("by-secret", scope="openid email groups offline_access", more={"prompt": "consent"})
        async with Walker(BACK) as walker:
            refused = await walker.back_from(request.at(says["authorization_endpoint"]))
            assert refused.answer["error"] == "invalid_request"
            plain = {name: value for name, value in request.parameters.items() if "challenge" not in name}
            pushed = (await api.post(says["pushed_authorization_request_endpoint"], data=plain, auth=BASIC)).json()
            start = httpx.URL(
                says["authorization_endpoint"],
                params={"client_id": "by-secret", "request_uri": pushed["request_uri"]},
            )
            arrived = await walker.sign_in(str(start), "ada")
        body = {"grant_type": "authorization_code", "code": arrived.answer["code"], "redirect_uri": BACK}
        given = (await api.post(says["token_endpoint"], data=body, auth=BASIC)).json()
        assert jwt.get_unverified_header(given["id_token"])["alg"] == "ES256"
        claims = claims_of(given["id_token"])
        assert (claims["email"], claims["groups"]) == ("ada@example.com", ["staff"])
        refreshing = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        renewed = (await api.post(says["token_endpoint"], data=refreshing, auth=BASIC)).json()
        assert renewed["refresh_token"] == given["refresh_token"]


async def test_oauth_gives_a_person_and_no_more(oauth: OAuthServer, api: httpx.AsyncClient) -> None:
    request = Request("by-secret", scope="read:user user:email")
    async with Walker(BACK) as walker:
        arrived = await walker.sign_in(request.at(f"{oauth.url}/login/oauth/authorize"), "ada")
    assert arrived.answer.keys() == {"code", "state"}
    token = f"{oauth.url}/login/oauth/access_token"
    redeeming = request.redeeming(arrived.answer["code"])
    given = (await api.post(token, data=redeeming, auth=BASIC)).json()
    assert given["token_type"].lower() == "bearer"
    assert "id_token" not in given
    seen = bearer(given["access_token"])
    assert (await api.get(f"{oauth.url}/user", headers=seen)).json()["login"] == "ada"
    assert (await api.get(f"{oauth.url}/user/emails", headers=seen)).json() == ADA.emails
    assert (await api.post(token, data=redeeming, auth=BASIC)).json()["error"] == "invalid_grant"
    assert (await api.get(f"{oauth.url}/.well-known/openid-configuration")).status_code == 404

    refreshing = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    renewed = (await api.post(token, data=refreshing, auth=BASIC)).json()
    assert (await api.get(f"{oauth.url}/user", headers=seen)).status_code == 401, "the old one ended"
    body = {"token": renewed["access_token"]}
    assert (await api.post(f"{oauth.url}/login/oauth/revoke", data=body, auth=BASIC)).status_code == 200
    assert (await api.get(f"{oauth.url}/user", headers=bearer(renewed["access_token"]))).status_code == 401


async def test_oauth_takes_no_wrong_word(oauth: OAuthServer, api: httpx.AsyncClient) -> None:
    at = f"{oauth.url}/login/oauth/authorize"
    request = Request("by-secret", scope="read:user")
    async with Walker(BACK) as walker:
        page = await walker.open(request.at(at))
        again = await walker.press_in_vain(page, "Sign in", {"name": "ada", "password": "wrong"})
        arrived = await walker.press(again, "Sign in", {"name": "ada", "password": "secret"})
        assert (await walker.cancel(request.at(at))).answer["error"] == "access_denied"
    token = f"{oauth.url}/login/oauth/access_token"
    wrong = request.redeeming(arrived.answer["code"]) | {"code_verifier": "x" * 43}
    assert (await api.post(token, data=wrong, auth=BASIC)).json()["error"] == "invalid_grant"
    stranger = await api.post(token, data=request.redeeming("any"), auth=("by-secret", "guessed"))
    assert stranger.json()["error"] == "invalid_client"
    elsewhere = Request("by-secret", back="https://evil.example/", scope="read:user")
    async with Walker("https://evil.example/") as walker:
        page = await walker.open(elsewhere.at(at))
        shown = await walker.press_in_vain(page, "Sign in", {"name": "ada", "password": "secret"})
    assert shown.status_code == 400


async def test_forging_signs_what_a_test_wants(forging: ForgingServer, api: httpx.AsyncClient) -> None:
    forged = {"iss": "https://evil.example", "aud": "another", "nonce": "forged", "exp": 1, "email_verified": "true"}
    forging.say("ada", email="ada@example.com", **forged)
    says = await discovered(api, f"{forging.url}/.well-known/openid-configuration")
    request = Request("by-secret")
    async with Walker(BACK) as walker:
        page = await walker.open(request.at(says["authorization_endpoint"]))
        arrived = await walker.press(page, "Authorize", {"sub": "ada"})
    assert arrived.answer.keys() == {"code", "state"}
    body = {"grant_type": "authorization_code", "code": arrived.answer["code"], "redirect_uri": BACK}
    given = (await api.post(says["token_endpoint"], data=body, auth=BASIC)).json()
    claims = claims_of(given["id_token"])
    assert {name: claims[name] for name in forged} == forged
    keys = jwt.PyJWKSet.from_dict(await discovered(api, says["jwks_uri"]))
    checked = jwt.decode(given["id_token"], keys.keys[0], ["RS256"], options={"verify_exp": False, "verify_aud": False})
    assert checked["sub"] == "ada"


def test_a_challenge_is_of_its_verifier() -> None:
    """See RFC 7636 appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
