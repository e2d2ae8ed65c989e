"""Every switch spoils what it says, at the address it says, until the fake behaves again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import jwt
import pytest
from msgspec.structs import astuple, replace
from playwright.async_api import Browser

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, FakeApple, FakeGitHub, FakeGoogle, FakeMicrosoft
from coatcheck.testing.providers.provider import FakeProvider
from coatcheck.testing.providers.switches import SIGN_IN_PAGE
from coatcheck.upstream.provider import Claim, Claims, Endpoints, Provider
from tests.servers.codes import BACK, claims_of, discovered
from tests.servers.walking import Walker
from tests.testing.coming import Client, client_of


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with client_of(FakeGoogle(clock=ManualClock()), "/o/oauth2/v2/auth", "/token") as client:
        yield client


@pytest.fixture
def google(client: Client) -> FakeGoogle:
    assert isinstance(client.fake, FakeGoogle)
    return client.fake


async def test_refuse(client: Client, google: FakeGoogle) -> None:
    google.refuse("temporarily_unavailable")
    async with Walker(BACK) as walker:
        back = await walker.back_from(client.request().at(f"{google.url}/o/oauth2/v2/auth"))
    assert back.answer == {"state": "STATE", "error": "temporarily_unavailable"}
    google.behave()
    google.refuse("invalid_client", at="token")
    request = client.request()
    code = (await client.press(request, "Ada Example")).answer["code"]
    assert (await client.redeem(request, code)).status_code == 401
    google.behave()
    assert (await client.redeem(request, code)).status_code == 200


async def test_stall(client: Client, google: FakeGoogle) -> None:
    google.stall(3600, at="keys")
    with pytest.raises(httpx.ReadTimeout):
        await client.api.get(f"{google.url}/oauth2/v3/certs", timeout=0.2)
    assert (await client.api.get(f"{google.url}/.well-known/openid-configuration")).status_code == 200
    google.behave()
    assert (await client.api.get(f"{google.url}/oauth2/v3/certs")).status_code == 200


async def test_lie_about_length(client: Client, google: FakeGoogle) -> None:
    google.lie_about_length(at="keys")
    async with client.api.stream("GET", f"{google.url}/oauth2/v3/certs") as answer:
        assert answer.headers["content-length"] == "1000000000"
        with pytest.raises(httpx.RemoteProtocolError):
            await answer.aread()


async def test_send(client: Client, google: FakeGoogle) -> None:
    google.send(*SIGN_IN_PAGE, at="discovery")
    answer = await client.api.get(f"{google.url}/.well-known/openid-configuration")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    google.send(b'{"a":1,"a":2}', at="discovery", status=503)
    answer = await client.api.get(f"{google.url}/.well-known/openid-configuration")
    assert (answer.status_code, answer.content) == (503, b'{"a":1,"a":2}')


async def test_redirect_to(client: Client, google: FakeGoogle) -> None:
    google.redirect_to("http://169.254.169.254/latest", at="keys")
    answer = await client.api.get(f"{google.url}/oauth2/v3/certs")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://169.254.169.254/latest")


async def test_rotate_keys(client: Client, google: FakeGoogle) -> None:
    async def kids() -> list[str]:
        jwks = await discovered(client.api, f"{google.url}/oauth2/v3/certs")
        return [key["kid"] for key in jwks["keys"]]

    first = await client.tokens(ADA)
    google.rotate_keys(keeps_old=True)
    assert await kids() == ["fake-google-1", "fake-google-2"]
    google.rotate_keys()
    assert await kids() == ["fake-google-3"]
    jwks = jwt.PyJWKSet.from_dict(await discovered(client.api, f"{google.url}/oauth2/v3/certs"))
    now = await client.tokens(ADA)
    assert jwt.get_unverified_header(now["id_token"])["kid"] == "fake-google-3"
    options: jwt.types.Options = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
    assert jwt.decode(now["id_token"], jwks.keys[0], ["RS256"], options=options)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(first["id_token"], jwks.keys[0], ["RS256"], options=options)


async def test_clock_off(client: Client, google: FakeGoogle) -> None:
    google.clock_off(-600)
    claims = claims_of((await client.tokens(ADA))["id_token"])
    assert claims["iat"] == ManualClock().now() // 1000 - 600


async def test_codes_run_out_by_its_clock() -> None:
    clock = ManualClock()
    async with client_of(FakeGoogle(clock=clock), "/o/oauth2/v2/auth", "/token") as client:
        request = client.request()
        code = (await client.press(request, "Ada Example")).answer["code"]
        clock.advance(timedelta(minutes=11))
        assert (await client.redeem(request, code)).json()["error"] == "invalid_grant"


async def test_answer_twice(client: Client, google: FakeGoogle) -> None:
    google.answer_twice()
    async with Walker(BACK) as walker:
        page = await walker.open(client.request().at(f"{google.url}/o/oauth2/v2/auth"))
        answers = [(await walker.press(page, "Ada Example")).answer for _ in range(2)]
        google.behave()
        other = (await walker.press(page, "Ada Example")).answer
    assert answers[0] == answers[1]
    assert other["code"] != answers[0]["code"]


async def test_hold_lets_go_in_the_order_a_test_chooses(client: Client, google: FakeGoogle) -> None:
    held, done = google.hold(at="keys"), list[int]()

    async def ask(number: int) -> None:
        await client.api.get(f"{google.url}/oauth2/v3/certs")
        done.append(number)

    first = asyncio.ensure_future(ask(1))
    await held.arrived(1)
    second = asyncio.ensure_future(ask(2))
    await held.arrived(2)
    held.release(1)
    await second
    assert done == [2]
    google.behave()
    await first
    assert done == [2, 1]


async def test_it_keeps_what_it_was_asked(client: Client, google: FakeGoogle) -> None:
    request = client.request()
    code = (await client.press(request, "Ada Example")).answer["code"]
    await client.redeem(request, code)
    assert [each.at for each in google.requests] == ["authorize", "authorize", "token"]
    [token] = google.requests_at("token")
    assert token.form["code_verifier"] == request.verifier
    assert token.headers["accept"] == "application/json"


@pytest.mark.parametrize("kind", [FakeApple, FakeGitHub, FakeGoogle, FakeMicrosoft])
async def test_what_makes_a_provider_be_it(kind: type[FakeProvider]) -> None:
    of = Claims(subject=Claim(source="id_token", path=("sub",)))
    true = Provider(
        name="p", title="P", kind="oidc", issuer="https://p.example", client_id="", endpoints=Endpoints(), claims=of
    )
    async with kind() as fake:
        faked = replace(true, **dict(fake.entry_overrides))
        assert faked.issuer.startswith(fake.url)
        assert all(address.startswith(fake.url) for address in astuple(faked.endpoints) if address)
        assert faked.client_id == fake.client_id
        assert (faked.client_secret is None) == (faked.client_key is not None) == (kind is FakeApple)


async def test_two_providers_never_sign_with_the_same_key(client: Client, google: FakeGoogle) -> None:
    apple = FakeApple()
    assert apple.keys.jwks()["keys"][0]["n"] != google.keys.jwks()["keys"][0]["n"]


@pytest.mark.parametrize("sent", [b"what?\r\n\r\n", b"POST /token HTTP/1.1\r\nContent-Length: -1\r\n\r\n"])
async def test_what_is_no_request_is_refused(google: FakeGoogle, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(google.url.rpartition(":")[2]))
    writer.write(sent)
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("authorization", ["Basic é", "Basic", "Basic eA", "Bearer x", "x"])
async def test_a_proof_that_is_none_is_refused(client: Client, authorization: str) -> None:
    headers = {"authorization": authorization.encode("latin-1")}
    answer = await client.api.post(f"{client.fake.url}/token", data={"code": "x"}, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_stranger_gets_no_page(client: Client) -> None:
    request = client.request()
    request.client_id = "stranger"
    assert (await client.page(request)).status_code == 400


async def test_names_are_text_in_its_pages() -> None:
    evil = '"><script>alert(1)</script>'
    async with client_of(FakeGitHub(client_id=evil), "/login/oauth/authorize", "/token") as client:
        page = await client.page(client.request(evil, login=evil))
    assert "<script>" not in page.text


async def test_its_page_works_in_a_browser(browser: Browser) -> None:
    async with FakeApple() as apple, FakeGitHub(host="localhost") as elsewhere:
        back = f"{elsewhere.url}/login/apple/callback"
        page = await browser.new_page()
        async with client_of(FakeGoogle(), "", "") as client:
            request = client.request("openid name", response_mode="form_post")
        request.client_id, request.back = apple.client_id, back
        await page.goto(request.at(f"{apple.url}/auth/authorize"))
        await page.get_by_role("button", name="Ada Example").click()
        await page.wait_for_url(back)
    [came] = [each for each in elsewhere.requests if each.path == "/login/apple/callback"]
    assert came.method == "POST"
    assert came.form.keys() == {"state", "code", "user"}
    assert came.headers["sec-fetch-site"] == "cross-site"
