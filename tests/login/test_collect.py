"""An app fetches the outcome of a sign-in with a provider: once, by its verifier; nothing went through an address."""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from coatcheck.keys.algorithms import base64url
from tests.authenticators import with_app
from tests.login.providers import link_ann, open_with, sign_in_as
from tests.servers.others import OpenIdServer
from tests.site import ORIGIN, Site
from tests.tokens.holders import claims_of
from tests.tokens.provers import Prover, nonce_of

VERIFIER = "v" * 43
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())
APP = "com.example.app:/signed-in"
DESKTOP = "http://127.0.0.1/signed-in"


async def came_back(browser: httpx.AsyncClient, name: str, **asked: str) -> str:
    """Sign in there for an app, and give the id that it is told."""
    query = httpx.QueryParams({"challenge": CHALLENGE, "present": "tokens", **asked})
    answer = await sign_in_as(browser, name, f"/login/work?{query}")
    assert answer.status_code == 303, answer.text
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert list(told) == ["sign_in"]
    return told["sign_in"][0]


async def fetch(site: Site, sign_in: str, verifier: str = VERIFIER) -> httpx.Response:
    async with site.machine() as app:
        return await app.post(f"/api/sign-in/{sign_in}/collect", json={"verifier": verifier})


async def test_an_app_gets_its_tokens(work_site: Site) -> None:
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ada", return_to="/app")
        assert (await browser.get("/api/session")).status_code == 401, "the browser itself is not signed in"

    got = (await fetch(work_site, sign_in)).json()

    assert got["status"] == "admitted"
    assert got["account"]["email"] == "ada@example.com"
    assert {"access_token", "refresh_token"} <= got.keys()


async def test_an_app_that_proves_its_key_gets_bound_tokens(work_site: Site) -> None:
    app = Prover(work_site)
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ada")
    path, body = f"/api/sign-in/{sign_in}/collect", {"verifier": VERIFIER}

    asked = await app.post(path, body, app.proof(f"{ORIGIN}{path}", nonce=None))
    assert (asked.status_code, asked.json()["code"]) == (401, "use_dpop_nonce")
    wrong = await app.post(path, body, app.proof())
    assert wrong.json()["code"] == "invalid_dpop_proof", "and it can still be fetched"
    proof = app.proof(f"{ORIGIN}{path}", nonce=asked.headers["dpop-nonce"])
    got = await app.post(path, body, proof)

    assert (got.json()["token_type"], got.headers["dpop-nonce"]) == ("DPoP", nonce_of(work_site))
    assert claims_of(got.json()["access_token"])["cnf"] == {"jkt": app.jkt}
    assert (await app.refresh(got.json()["refresh_token"])).json()["token_type"] == "DPoP"
    again = await app.post(path, body, proof)
    assert again.json()["code"] == "sign_in_gone"


async def test_a_session_by_a_cookie_takes_no_proof(work_site: Site) -> None:
    app = Prover(work_site)
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ada", present="")
    path, body = f"/api/sign-in/{sign_in}/collect", {"verifier": VERIFIER}
    refused = await app.post(path, body, app.proof(f"{ORIGIN}{path}"))
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["present"])
    assert (await fetch(work_site, sign_in)).status_code == 200


async def test_the_key_is_kept_over_a_second_factor(work_site: Site) -> None:
    ann = await with_app(work_site)
    await link_ann(work_site, ann.account)
    app = Prover(work_site)
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ann")
    path = f"/api/sign-in/{sign_in}/collect"
    needed = (await app.post(path, {"verifier": VERIFIER}, app.proof(f"{ORIGIN}{path}"))).json()
    proof = {"continuation": needed["continuation"], "code": ann.code(work_site)}
    got = (await app.post(f"/api/sign-in/{needed['sign_in']}/totp", proof)).json()
    assert claims_of(got["access_token"])["cnf"] == {"jkt": app.jkt}


async def test_only_the_verifier_opens_it_and_a_wrong_one_spends_nothing(work_site: Site) -> None:
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ada")

    assert (await fetch(work_site, sign_in, "w" * 43)).json()["code"] == "sign_in_gone"
    assert (await fetch(work_site, sign_in)).status_code == 200


async def test_fifty_fetch_it_once(work_site: Site) -> None:
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ada")

    answers = await asyncio.gather(*(fetch(work_site, sign_in) for _ in range(50)))

    assert sorted(each.status_code for each in answers) == [200] + [410] * 49


async def test_a_second_factor_comes_in_the_same_answer(work_site: Site) -> None:
    ann = await with_app(work_site)
    await link_ann(work_site, ann.account)
    async with work_site.browser() as browser:
        sign_in = await came_back(browser, "ann")

    needed = (await fetch(work_site, sign_in)).json()
    assert needed["status"] == "more_needed"
    assert "totp" in needed["options"]
    proof = {"continuation": needed["continuation"], "code": ann.code(work_site)}
    async with work_site.machine() as app:
        got = (await app.post(f"/api/sign-in/{needed['sign_in']}/totp", json=proof)).json()
    assert got["status"] == "admitted"
    assert got["session"]["amr"] == ["fed", "otp", "mfa"]


@pytest.mark.parametrize("return_to", [APP, "http://127.0.0.1:49152/signed-in", "/app?x=1"])
async def test_registered_places_are_come_back_to(work: OpenIdServer, tmp_path: Path, return_to: str) -> None:
    async with open_with(work, tmp_path, web={"return_to": (APP, DESKTOP)}) as site, site.browser() as browser:
        query = httpx.QueryParams({"challenge": CHALLENGE, "present": "tokens", "return_to": return_to})
        answer = await sign_in_as(browser, "ada", f"/login/work?{query}")
        assert answer.headers["location"].startswith(return_to)


@pytest.mark.parametrize(
    "return_to",
    [
        "com.example.app:/other",
        "com.example.app:/signed-in/../x",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1.evil.example/signed-in",
        "http://127.0.0.1:49152@evil.example/signed-in",
        "http://localhost:49152/signed-in",
        "https://evil.example/signed-in",
        "//evil.example",
    ],
)
async def test_no_other_place_is(work: OpenIdServer, tmp_path: Path, return_to: str) -> None:
    async with open_with(work, tmp_path, web={"return_to": (APP, DESKTOP)}) as site, site.browser() as browser:
        answer = await browser.get("/login/work", params={"challenge": CHALLENGE, "return_to": return_to})
        assert answer.status_code == 422


async def test_tokens_are_given_to_who_shows_a_verifier_alone(work_site: Site) -> None:
    async with work_site.browser() as browser:
        assert (await browser.get("/login/work?present=tokens")).status_code == 422
        assert (await browser.get("/login/work?present=tokens&challenge=short")).status_code == 422
