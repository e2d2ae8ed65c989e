"""The address that the browser is sent to, and who we say that we are."""

import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coatcheck.secret import Secret
from coatcheck.upstream.oauth.leave import authorization_address
from coatcheck.upstream.provider import ClientKey, Endpoints
from coatcheck.upstream.round_trips import RoundTrip, nonce_of, pkce_verifier
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier.canonical import decode_base64url
from tests.site import ORIGIN, VISIT
from tests.upstream.oauth.acme import CLIENT, Acme, b64, form_of

CALLBACK = "https://auth.example.org/login/acme/callback"


async def test_all_that_an_answer_is_held_to(acme: Acme) -> None:
    back, asked = await acme.leave(acme.provider())
    verifier = pkce_verifier(acme.site.desk, back.state).reveal()
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "state": "state-1",
        "scope": "openid email",
        "nonce": nonce_of(acme.site.desk, back.state),
        "code_challenge": b64(sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }


async def test_what_an_entry_adds_and_cannot_take(acme: Acme) -> None:
    authorize = {"prompt": "select_account", "claims": '{"id_token":{}}', "state": "mine", "client_id": "other"}
    provider = acme.provider(
        authorize=authorize,
        authorize_offline={"access_type": "offline"},
        scopes_offline=("offline_access",),
        scope_separator=",",
        posts_answer=True,
        sends_pkce=False,
        sends_nonce=False,
    )
    _, asked = await acme.leave(provider)
    assert {name: asked.get(name) for name in ("prompt", "claims", "state", "client_id", "response_mode")} == {
        "prompt": "select_account",
        "claims": '{"id_token":{}}',
        "state": "state-1",
        "client_id": CLIENT,
        "response_mode": "form_post",
    }
    assert (asked["scope"], asked.get("access_type")) == ("openid,email", None)
    assert not {"nonce", "code_challenge"} & asked.keys()


async def test_tokens_to_be_kept_are_asked_for(acme: Acme) -> None:
    provider = acme.provider(
        keeps_tokens=True, scopes_offline=("offline_access",), authorize_offline={"access_type": "offline"}
    )
    _, asked = await acme.leave(provider)
    assert (asked["scope"], asked["access_type"]) == ("openid email offline_access", "offline")


@pytest.mark.parametrize(("wants", "can", "is_asked"), [(True, True, True), (True, False, False), (False, True, False)])
async def test_to_be_asked_anew(acme: Acme, wants: bool, can: bool, is_asked: bool) -> None:
    _, asked = await acme.leave(acme.provider(reauthenticates=can, authorize={"prompt": "none"}), wants_fresh=wants)
    assert (asked.get("max_age"), asked["prompt"]) == (("0", "login") if is_asked else (None, "none"))


async def test_blanks_travel_as_percent_20(acme: Acme) -> None:
    trip = RoundTrip(provider="acme", back_at="/", base_url=ORIGIN, began_at=0)
    endpoints = Endpoints(authorization="https://acme.example/authorize?tenant=a", token="https://acme.example/token")
    provider = acme.provider(endpoints=endpoints)
    address = await authorization_address(acme.site.desk, VISIT, provider, trip, Secret("s"))
    assert address.startswith("https://acme.example/authorize?tenant=a&")
    assert "scope=openid%20email" in address


@pytest.mark.parametrize(
    "address", ["http://acme.example/a", "javascript:alert(1)", "/authorize", "https://a.example/#x", ""]
)
async def test_a_browser_is_sent_to_web_pages_alone(acme: Acme, address: str) -> None:
    endpoints = Endpoints(authorization=address, token="https://acme.example/token")
    with pytest.raises(UpstreamFailed) as failed:
        await acme.leave(acme.provider(endpoints=endpoints))
    assert failed.value.trouble == "address_not_allowed"


async def test_a_pushed_request(acme: Acme) -> None:
    acme.document = {"pushed_authorization_request_endpoint": f"{acme.url}/par"}
    acme.publish()
    acme.says("/par", {"request_uri": "urn:example:1", "expires_in": 60}, 201)
    _, asked = await acme.leave(acme.provider())
    assert asked == {"client_id": CLIENT, "request_uri": "urn:example:1"}
    [pushed] = [each for each in acme.server.heard if each.path == "/par"]
    assert form_of(pushed)["redirect_uri"] == CALLBACK
    assert form_of(pushed)["code_challenge_method"] == "S256"
    assert pushed.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("document", "status", "trouble"),
    [
        ({"error": "invalid_client"}, 401, "client_refused"),
        ({"error": "invalid_request", "error_description": "redirect_uri"}, 400, "client_refused"),
        ({}, 201, "provider_answered_badly"),
        ({"request_uri": ""}, 201, "provider_answered_badly"),
        ({"request_uri": 7}, 201, "provider_answered_badly"),
    ],
)
async def test_a_pushed_request_that_is_refused(acme: Acme, document: object, status: int, trouble: str) -> None:
    acme.document = {"pushed_authorization_request_endpoint": f"{acme.url}/par"}
    acme.publish()
    acme.says("/par", document, status)
    with pytest.raises(UpstreamFailed) as failed:
        await acme.leave(acme.provider())
    assert failed.value.trouble == trouble


def client_key(private: Any, algorithm: str, **more: str) -> ClientKey:
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ClientKey(pem=Secret(pem.decode()), algorithm=algorithm, key_id="KEY1", **more)


def parts_of(token: str) -> tuple[Any, Any]:
    header, claims, _ = token.split(".")
    return json.loads(decode_base64url(header)), json.loads(decode_base64url(claims))


@pytest.mark.parametrize(("proves_to", "at"), [("issuer", ""), ("token_endpoint", "/token")])
async def test_a_signed_assertion(acme: Acme, proves_to: Any, at: str) -> None:
    private = rsa.generate_private_key(65537, 2048)
    key = client_key(private, "RS256")
    provider = acme.provider(client_auth="private_key_jwt", client_key=key, proves_to=proves_to)
    for _ in range(2):
        await acme.identify(provider)
    first, second = acme.redeemed
    assert first["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    header, claims = parts_of(first["client_assertion"])
    now = acme.site.clock.now() // 1000
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "KEY1"}
    jti = claims.pop("jti")
    assert claims == {"iss": CLIENT, "sub": CLIENT, "aud": acme.url + at, "iat": now, "exp": now + 300}
    assert jti != parts_of(second["client_assertion"])[1]["jti"]


async def test_a_secret_that_is_signed_for_apple(acme: Acme) -> None:
    key = client_key(ec.generate_private_key(ec.SECP256R1()), "ES256", team_id="TEAM1")
    await acme.identify(acme.provider(client_auth="apple", client_key=key))
    header, claims = parts_of(acme.redeemed[0]["client_secret"])
    now = acme.site.clock.now() // 1000
    assert (header["alg"], header["kid"]) == ("ES256", "KEY1")
    assert claims == {"iss": "TEAM1", "sub": CLIENT, "aud": acme.url, "iat": now, "exp": now + 300}


async def test_no_secret_at_all(acme: Acme) -> None:
    await acme.identify(acme.provider(client_auth="none", client_secret=None))
    assert acme.redeemed[0]["client_id"] == CLIENT
    assert not {"client_secret", "client_assertion"} & acme.redeemed[0].keys()


@pytest.mark.parametrize("how", ["basic", "post", "apple", "private_key_jwt"])
async def test_what_is_missing_is_not_left_out(acme: Acme, how: Any) -> None:
    failed = await acme.refused(acme.provider(client_auth=how, client_secret=None))
    assert failed.trouble == "client_refused"
    assert acme.redeemed == []


async def test_a_key_of_another_kind(acme: Acme) -> None:
    key = client_key(ec.generate_private_key(ec.SECP256R1()), "RS256")
    for each in (key, ClientKey(pem=Secret("no key"), algorithm="ES256")):
        failed = await acme.refused(acme.provider(client_auth="private_key_jwt", client_key=each))
        assert failed.trouble == "client_refused"
