"""Tokens in cookies, on the pages of an app: renewed on the way, kept from other sites, gone with the session."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from coatcheck.integrations.fastapi import CurrentUser
from coatcheck.tokens.refresh_token import new_refresh_token
from tests.keys.sites import signing_site
from tests.site import FORM_TOKEN, PASSWORD, Site
from tests.tokens.holders import is_alive, is_good, refreshed

SESSION, ACCESS, REFRESH = "__Host-coatcheck", "__Host-coatcheck-access", "__Secure-coatcheck-refresh"
PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}
FOREIGN = {**PAGE, "sec-fetch-site": "cross-site"}
LONG = timedelta(minutes=16)


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/notes")
    async def notes(me: CurrentUser) -> dict[str, str | None]:
        return {"session": me.session}

    @app.post("/notes")
    async def add(me: CurrentUser) -> dict[str, str | None]:
        return {"session": me.session}

    return app


@dataclass(frozen=True)
class Visitor:
    """Hold an app with Coatcheck in it, and a browser that is signed in by tokens in cookies."""

    site: Site
    browser: httpx.AsyncClient
    session: str

    async def go(self, path: str, **headers: str) -> list[str]:
        """Follow redirects as a browser does; give the addresses, and last what the page says."""
        answer = await self.browser.get(path, headers={**PAGE, **headers}, follow_redirects=True)
        return [*(str(each.headers["location"]) for each in answer.history), answer.text]


@pytest.fixture
async def ann(tmp_path: Path) -> AsyncIterator[Visitor]:
    """Sign somebody in on an app."""
    server = {"public_url": "https://auth.example.org/auth"}
    async with signing_site(tmp_path, server=server, tokens={"audience": ["https://notes.example.org"]}) as site:
        app = make_app()
        site.auth.mount(app, "/auth")
        await site.person()
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 50_000))
        own = {"sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(transport=transport, base_url="https://auth.example.org", headers=own) as browser:
            body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "token_cookies"}
            given = (await browser.post("/auth/api/sign-in", json=body)).json()
            yield Visitor(site, browser, given["session"]["id"])


def set_in(answer: httpx.Response) -> list[str]:
    """List the cookies that an answer sets or clears."""
    return answer.headers.get_list("set-cookie")


async def rename(site: Site, table: str, to: str) -> None:
    async with site.desk.database.writing() as tx:
        await tx.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


async def test_a_page_is_shown(ann: Visitor) -> None:
    assert await ann.go("/notes?a=1&b=2") == [f'{{"session":"{ann.session}"}}']
    assert (await ann.browser.post("/notes")).json() == {"session": ann.session}


async def test_what_ran_out_is_renewed_on_the_way(ann: Visitor) -> None:
    first = dict(ann.browser.cookies)
    ann.site.clock.advance(LONG)
    assert await ann.go("/notes?a=1&b=2") == [
        "/auth/token/renew?return_to=%2Fnotes%3Fa%3D1%26b%3D2",
        "/auth/api/token/renew?return_to=%2Fnotes%3Fa%3D1%26b%3D2",
        "/notes?a=1&b=2",
        f'{{"session":"{ann.session}"}}',
    ]
    second = dict(ann.browser.cookies)
    assert first[ACCESS] != second[ACCESS]
    assert first[REFRESH] != second[REFRESH]
    assert not await is_good(ann.site, first[ACCESS])
    assert await is_alive(ann.site, ann.session)


async def test_the_refresh_token_comes_to_its_own_calls_alone(ann: Visitor) -> None:
    [cookie] = [each for each in ann.browser.cookies.jar if each.name == REFRESH]
    assert (cookie.path, cookie.secure, cookie.domain_specified) == ("/auth/api/token", True, False)


async def test_no_token_is_in_an_address(ann: Visitor) -> None:
    ann.site.clock.advance(LONG)
    secrets = {ann.browser.cookies[ACCESS], ann.browser.cookies[REFRESH]}
    walked = await ann.go("/notes")
    secrets |= {ann.browser.cookies[ACCESS], ann.browser.cookies[REFRESH]}
    assert not [place for place in walked for secret in secrets if secret in place or secret[:20] in place]


async def test_a_call_is_refused_and_renews_itself(ann: Visitor) -> None:
    ann.site.clock.advance(LONG)
    refused = await ann.browser.get("/notes")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    renewed = await ann.browser.post("/auth/api/token/refresh")
    assert (renewed.status_code, renewed.json()["expires_in"]) == (200, 900)
    assert not {"access_token", "refresh_token"} & renewed.json().keys()
    assert (await ann.browser.get("/notes")).json() == {"session": ann.session}


async def test_a_link_from_another_site(ann: Visitor) -> None:
    """The cookies stay away from the first request, and come with the second: neither has anybody signed out."""
    foreign = httpx.AsyncClient(transport=ann.browser._transport, base_url="https://auth.example.org", headers=FOREIGN)
    for path in ("/notes", "/auth/token/renew?return_to=/notes", "/auth/api/token/renew?return_to=/notes"):
        answer = await foreign.get(path, follow_redirects=True)
        assert (answer.status_code, "http-equiv" in answer.text) == (200, True), path
        assert "set-cookie" not in answer.headers
    ann.site.clock.advance(LONG)
    assert (await ann.go("/notes"))[-1] == f'{{"session":"{ann.session}"}}'


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, {}])
async def test_led_to_renewal_without_tokens(ann: Visitor, headers: dict[str, str]) -> None:
    """Who is signed in by the session's cookie keeps it, whoever sends them to renew what they do not have."""
    site = ann.site
    other = httpx.AsyncClient(
        transport=ann.browser._transport,
        base_url="https://auth.example.org",
        headers={"sec-fetch-site": "same-origin"},
    )
    await other.post("/auth/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
    for path in ("/auth/token/renew", "/auth/api/token/renew"):
        answer = await other.get(f"{path}?return_to=/notes", headers=headers, follow_redirects=True)
        assert SESSION in other.cookies
        assert answer.status_code in (200, 401)
    assert (await other.get("/notes")).status_code == 200
    assert await is_alive(site, ann.session)


async def test_what_goes_wrong_on_the_way_is_a_page(ann: Visitor) -> None:
    """A person is sent there by the app, and was shown a problem document."""
    ann.site.clock.advance(LONG)
    await rename(ann.site, "refresh_tokens", "elsewhere")
    page = await ann.browser.get("/auth/token/renew?return_to=/notes", headers=PAGE, follow_redirects=True)
    assert (page.status_code, page.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "Something went wrong" in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert not {"__Host-coatcheck-access", "__Secure-coatcheck-refresh"} & {each.split("=")[0] for each in set_in(page)}
    program = await ann.browser.get("/auth/api/token/renew", headers={"accept": "application/json"})
    assert (program.status_code, program.headers["content-type"]) == (500, "application/problem+json")
    await rename(ann.site, "elsewhere", "refresh_tokens")
    assert (await ann.go("/notes"))[-1] == f'{{"session":"{ann.session}"}}', "the tokens are as good as before"


async def test_another_method_or_two_cookies_there_is_a_page_too(ann: Visitor) -> None:
    posted = await ann.browser.post("/auth/api/token/renew", headers=PAGE)
    assert (posted.status_code, posted.headers["content-type"]) == (405, "text/html; charset=utf-8")
    ann.browser.cookies.clear()
    twice = f"{ACCESS}=a; {REFRESH}=b; {REFRESH}=c"
    page = await ann.browser.get("/auth/api/token/renew", headers={**PAGE, "cookie": twice})
    assert (page.status_code, page.headers["content-type"]) == (422, "text/html; charset=utf-8")


async def test_tokens_that_no_page_can_renew_lead_to_sign_in_and_not_in_a_ring(ann: Visitor) -> None:
    """One that is bound to a key: the sign-in page would send the browser to renew it, again and again."""
    async with ann.site.desk.database.writing() as tx:
        await tx.execute(text("UPDATE refresh_tokens SET cnf_jkt = 'a key'"))
    ann.site.clock.advance(LONG)
    *_, page = await ann.go("/notes")
    assert 'name="password"' in page
    assert not {ACCESS, REFRESH} & ann.browser.cookies.keys()


async def test_an_image_renews_nothing(ann: Visitor) -> None:
    before = dict(ann.browser.cookies)
    answer = await ann.browser.get("/auth/api/token/renew", headers={"sec-fetch-mode": "no-cors"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    assert dict(ann.browser.cookies) == before


async def test_a_planted_refresh_token_signs_nobody_in(ann: Visitor) -> None:
    """A subdomain can plant this cookie, not the other one: alone it would lead into the attacker's account."""
    victim = httpx.AsyncClient(
        transport=ann.browser._transport,
        base_url="https://auth.example.org",
        headers={"sec-fetch-site": "same-origin"},
    )
    victim.cookies.set(REFRESH, ann.browser.cookies[REFRESH], domain="auth.example.org", path="/auth/api/token")
    for answer in (
        await victim.get("/auth/api/token/renew?return_to=/notes", headers=PAGE),
        await victim.post("/auth/api/token/refresh"),
    ):
        assert answer.status_code in (303, 422)
        assert ACCESS not in victim.cookies
    await refreshed(ann.site, ann.browser.cookies[REFRESH])


async def test_where_it_leads_stays_here(ann: Visitor) -> None:
    for place in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""):
        answer = await ann.browser.get("/auth/api/token/renew", params={"return_to": place}, headers=PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/notes", "/auth/account", "/auth/sign-in?return_to=%2Fnotes"])
async def test_whose_session_ended_signs_in(ann: Visitor, path: str) -> None:
    await ann.browser.post("/auth/api/sign-out")
    ended = dict(ann.browser.cookies)
    assert not {ACCESS, REFRESH, SESSION} & ended.keys()
    await sign_in_again(ann)
    held = dict(ann.browser.cookies)
    await ann.browser.post("/auth/api/sign-out")
    ann.browser.cookies.set(ACCESS, held[ACCESS], domain="auth.example.org", path="/")
    ann.browser.cookies.set(REFRESH, held[REFRESH], domain="auth.example.org", path="/auth/api/token")
    walked = await ann.go(path)
    assert walked[-2].startswith("/auth/sign-in?return_to=")
    assert 'name="password"' in walked[-1]
    assert not {ACCESS, REFRESH} & set(ann.browser.cookies)


async def test_the_sign_in_page_renews_first(ann: Visitor) -> None:
    ann.site.clock.advance(LONG)
    assert (await ann.go("/auth/sign-in?return_to=%2Fnotes"))[-2:] == ["/notes", f'{{"session":"{ann.session}"}}']


async def test_without_a_refresh_token_nobody_goes_in_circles(ann: Visitor) -> None:
    ann.browser.cookies.delete(REFRESH)
    ann.site.clock.advance(LONG)
    for path in ("/notes", "/auth/sign-in"):
        assert 'name="password"' in (await ann.go(path))[-1]
    assert ACCESS not in ann.browser.cookies


async def sign_in_again(ann: Visitor) -> None:
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "token_cookies"}
    await ann.browser.post("/auth/api/sign-in", json=body)


@pytest.mark.parametrize("has_run_out", [False, True])
async def test_signing_out_ends_it(ann: Visitor, has_run_out: bool) -> None:
    refresh = ann.browser.cookies[REFRESH]
    if has_run_out:
        ann.site.clock.advance(LONG)
    assert (await ann.browser.post("/auth/api/sign-out")).status_code == 204
    assert not {ACCESS, REFRESH} & set(ann.browser.cookies)
    assert not await is_alive(ann.site, ann.session), "who hears 204 believes that it is over"
    assert (await ann.browser.post("/auth/api/token/refresh", json={"refresh_token": refresh})).status_code == 401


async def test_signing_out_everywhere_needs_a_token_that_counts(ann: Visitor) -> None:
    ann.site.clock.advance(LONG)
    answer = await ann.browser.post("/auth/api/sign-out", json={"everywhere": True})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert (await ann.browser.post("/auth/api/token/refresh")).status_code == 200
    assert (await ann.browser.post("/auth/api/sign-out", json={"everywhere": True})).status_code == 204
    assert not await is_alive(ann.site, ann.session)


async def test_the_page_to_sign_out_renews_first(ann: Visitor) -> None:
    ann.site.clock.advance(LONG)
    shown = (await ann.go("/auth/sign-out"))[-1]
    found = FORM_TOKEN.search(shown)
    assert found is not None
    ann.site.clock.advance(LONG)
    answer = await ann.browser.post("/auth/sign-out", data={"form_token": found[1]})
    assert answer.status_code == 200
    assert not await is_alive(ann.site, ann.session)
    assert not {ACCESS, REFRESH} & set(ann.browser.cookies)


async def test_a_bearer_that_ran_out_signs_nobody_out_in_silence(ann: Visitor) -> None:
    bearer = {"authorization": f"Bearer {ann.browser.cookies[ACCESS]}"}
    ann.site.clock.advance(LONG)
    answer = await ann.browser.post("/auth/api/sign-out", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert await is_alive(ann.site, ann.session)


async def test_two_tabs_renew_at_once(ann: Visitor) -> None:
    """Both asked with the same cookie; the slower one is given what the faster one got."""
    ann.site.clock.advance(LONG)
    held = dict(ann.browser.cookies)
    jar = {"cookie": f"{ACCESS}={held[ACCESS]}; {REFRESH}={held[REFRESH]}"}
    slow = httpx.AsyncClient(transport=ann.browser._transport, base_url="https://auth.example.org", headers=jar)
    assert (await ann.go("/notes"))[-1] == f'{{"session":"{ann.session}"}}'
    answer = await slow.get("/auth/api/token/renew?return_to=/notes", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/notes")
    assert slow.cookies[REFRESH] == ann.browser.cookies[REFRESH]
    await ann.browser.post("/auth/api/token/refresh")
    late = httpx.AsyncClient(transport=ann.browser._transport, base_url="https://auth.example.org", headers=jar)
    answer = await late.get("/auth/api/token/renew?return_to=/notes", headers=PAGE)
    assert (answer.status_code, answer.headers["location"], "set-cookie" in answer.headers) == (303, "/notes", False)
    assert await is_alive(ann.site, ann.session)


async def test_proving_it_again_on_a_page(ann: Visitor) -> None:
    found = FORM_TOKEN.search((await ann.go("/auth/sign-in?confirm=1&return_to=%2Fnotes"))[-1])
    assert found is not None
    form = {"form_token": found[1], "password": PASSWORD, "confirming": "true", "return_to": "/notes"}
    answer = await ann.browser.post("/auth/sign-in", data=form)
    renewal = "/auth/token/renew?return_to=%2Fnotes"
    assert (answer.status_code, answer.headers["location"]) == (303, renewal), "what it presented went stale"
    await ann.go(renewal)
    assert (await ann.browser.get("/notes")).json() == {"session": ann.session}
    await ann.browser.post("/auth/api/sign-out")
    assert not {ACCESS, REFRESH, SESSION} & set(ann.browser.cookies)


async def test_two_of_one_name_are_refused(ann: Visitor) -> None:
    held = dict(ann.browser.cookies)
    other = new_refresh_token().whole.reveal()
    twice = {"cookie": f"{ACCESS}={held[ACCESS]}; {REFRESH}={held[REFRESH]}; {REFRESH}={other}"}
    stranger = httpx.AsyncClient(transport=ann.browser._transport, base_url="https://auth.example.org", headers=twice)
    assert (await stranger.post("/auth/api/token/refresh", headers={"sec-fetch-site": "none"})).status_code == 422
    access = {"cookie": f"{ACCESS}={held[ACCESS]}; {ACCESS}=x"}
    assert (await stranger.get("/notes", headers=access)).status_code == 401
