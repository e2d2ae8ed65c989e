"""A form that needs a step-up: kept, shown again after it, and sent by its button; in our pages and in an app's own."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from coatcheck.clock import millis
from coatcheck.gate.request import form_of, principal_of
from coatcheck.integrations.fastapi import minutes, require
from coatcheck.my_account import routes as my_account
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Demand
from coatcheck.verifier.authenticator import now
from tests.attacks.census import what_is_kept
from tests.site import FIREFOX, FORM_TOKEN, ORIGIN, PASSWORD, Site, open_site

HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
ACTION = re.compile(r'<form method="post" action="([^"]*)"')
FRESH = Demand(fresh=timedelta(minutes=5))
SENT: list[list[tuple[str, Any]]] = []


async def probe(request: Request) -> Response:
    """Stand for a page of our own whose form needs a fresh sign-in."""
    await principal_of(request, FRESH)
    fields = await form_of(request)
    SENT.append(list(fields.items()))
    return PlainTextResponse("done")


def notes_app(site: Site) -> FastAPI:
    app = FastAPI()
    site.auth.mount(app, "/auth")
    fresh = require(fresh=minutes(5))

    @app.get("/notes", dependencies=[require(fresh=minutes(5), acr="aal1")])
    async def show() -> HTMLResponse:
        return HTMLResponse("notes")

    @app.post("/notes", dependencies=[fresh])
    async def add(request: Request) -> PlainTextResponse:
        SENT.append(list(parse_qs((await request.body()).decode()).items()))
        return PlainTextResponse("done")

    @app.post("/strong", dependencies=[require(acr="phr")])
    async def strong() -> PlainTextResponse:
        return PlainTextResponse("done")

    return app


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Site, FastAPI]]:
    """Open a site mounted in an app, with one more page of our own."""
    SENT.clear()
    monkeypatch.setattr(my_account, "pages", [*my_account.pages, Route("/account/probe", probe, methods=["POST"])])
    server = {"public_url": f"{ORIGIN}/auth"}
    # An app judges by the machine's own clock: who signs in six minutes ago by ours, and then waits, is stale by both.
    clock = ManualClock(now() - millis(timedelta(minutes=6)))
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, clock=clock, server=server) as site:
        await site.person()
        yield site, notes_app(site)


def browser_at(app: FastAPI) -> httpx.AsyncClient:
    headers = {"user-agent": FIREFOX, "sec-fetch-site": "same-origin", "accept": "text/html"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("203.0.113.7", 5)), base_url=ORIGIN, headers=headers
    )


async def stale(house: tuple[Site, FastAPI], minutes_ago: int = 6) -> httpx.AsyncClient:
    """Sign Ann in, and let some minutes pass."""
    site, app = house
    browser = browser_at(app)
    answer = await browser.post("/auth/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    await browser.get("/auth/account")
    site.clock.advance(timedelta(minutes=minutes_ago))
    await site.follow_log()
    return browser


async def confirm(browser: httpx.AsyncClient, location: str) -> httpx.Response:
    """Follow to the page that asks for the password, give it, and follow to what comes after."""
    shown = await browser.get(location)
    assert "Confirm it is you" in shown.text
    query = parse_qs(urlsplit(location).query)
    token = FORM_TOKEN.search(shown.text)
    assert token is not None
    fields = {
        "identifier": "ann@example.org",
        "password": PASSWORD,
        "confirming": "true",
        "acr": query.get("acr", ["aal1"])[0],
        "return_to": query["return_to"][0],
        "form_token": token[1],
    }
    answer = await browser.post("/auth/sign-in", data=fields)
    assert answer.status_code == 303, answer.text
    return await browser.get(answer.headers["location"])


async def press(browser: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    """Press the button of the page that shows a kept form, as a browser does; 307 keeps method and body."""
    found = ACTION.search(page.text)
    assert found is not None, page.text
    body = httpx.QueryParams([(html.unescape(n), html.unescape(v)) for n, v in HIDDEN.findall(page.text)])
    return await browser.post(
        html.unescape(found[1]),
        content=str(body),
        headers={"content-type": "application/x-www-form-urlencoded"},
        follow_redirects=True,
    )


async def post(browser: httpx.AsyncClient, path: str, fields: Any, **headers: str) -> httpx.Response:
    return await browser.post(path, data=fields, headers=headers)


async def test_of_the_app_it_waits_and_goes_by_the_button(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    asked = await post(browser, "/notes?list=1", {"text": "milk & <b>honey</b>", "tag": ["a", "b"]})
    assert (asked.status_code, SENT) == (303, [])
    page = await confirm(browser, asked.headers["location"])
    assert SENT == [], "nothing repeats itself"
    assert "milk &amp; &lt;b&gt;honey&lt;/b&gt;" in page.text
    assert "/notes?list=1" in page.text
    done = await press(browser, page)
    assert (done.text, SENT) == ("done", [[("text", ["milk & <b>honey</b>"]), ("tag", ["a", "b"])]])
    assert str(done.url) == f"{ORIGIN}/notes?list=1"
    again = await press(browser, page)
    assert (again.status_code, len(SENT)) == (410, 1), "it works once"
    assert "not kept any more" in again.text


async def test_of_our_own_pages_with_their_token(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    token = FORM_TOKEN.search((await browser.get("/auth/account")).text)
    assert token is not None
    asked = await post(browser, "/auth/account/probe", {"name": "Ann's key", "form_token": token[1]})
    page = await confirm(browser, asked.headers["location"])
    assert (await press(browser, page)).text == "done"
    assert SENT == [[("name", "Ann's key")]]


async def test_a_form_of_ours_without_its_token_is_refused_in_the_end(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    asked = await post(browser, "/auth/account/probe", {"name": "Ann's key"})
    done = await press(browser, await confirm(browser, asked.headers["location"]))
    assert (done.status_code, SENT) == (403, [])


async def test_a_page_is_come_back_to(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    asked = await browser.get("/notes?list=1")
    assert parse_qs(urlsplit(asked.headers["location"]).query) == {
        "confirm": ["1"],
        "acr": ["aal1"],
        "return_to": ["/notes?list=1"],
    }
    assert (await confirm(browser, asked.headers["location"])).text == "notes"


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"text": "a", "password": "b"}, {}),
        ({"text": "x" * 70_000}, {}),
        ({f"field{number}": "x" for number in range(600)}, {}),
        ({"text": "a"}, {"content-type": "multipart/form-data; boundary=x"}),
    ],
)
async def test_what_is_not_kept_is_said(
    house: tuple[Site, FastAPI], fields: dict[str, str], headers: dict[str, str]
) -> None:
    browser = await stale(house)
    answer = await post(browser, "/notes", fields, referer=f"{ORIGIN}/notes/new", **headers)
    assert (answer.status_code, SENT) == (403, [])
    assert "fill it in again" in answer.text
    assert 'href="/auth/sign-in?confirm=1&amp;return_to=%2Fnotes%2Fnew"' in answer.text
    assert (await kept_rows(house[0])) == 0


async def kept_rows(site: Site) -> int:
    """Count the forms that wait."""
    return sum(row[0] == "kept_form" for row in (await what_is_kept(site, "ephemeral"))["ephemeral"])


@pytest.mark.parametrize("foreign", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/notes", "/auth/account/probe"])
async def test_what_another_site_sent_is_not_kept(house: tuple[Site, FastAPI], path: str, foreign: str) -> None:
    browser = await stale(house)
    answer = await post(browser, path, {"text": "planted"}, **{"sec-fetch-site": foreign})
    assert (answer.status_code, await kept_rows(house[0])) == (403, 0)


async def test_a_call_gets_the_problem_of_rfc_9470(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    for more in ({"accept": "application/json"}, {"sec-fetch-mode": "cors"}):
        answer = await post(browser, "/notes", {"text": "a"}, **more)
        assert (answer.status_code, answer.json()["code"]) == (403, "fresh_sign_in_needed")
        assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]
        assert answer.headers["www-authenticate"].endswith('max_age="300"')
    assert await kept_rows(house[0]) == 0


async def test_phr_is_asked_for_by_its_name(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    asked = await post(browser, "/strong", {"text": "a"})
    assert "acr=phr" in asked.headers["location"]
    answer = await post(browser, "/strong", {"text": "a"}, accept="application/json")
    assert 'acr_values="phr"' in answer.headers["www-authenticate"]


async def test_another_session_and_another_browser_see_nothing(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    asked = await post(browser, "/notes", {"text": "mine alone"})
    back = parse_qs(urlsplit(asked.headers["location"]).query)["return_to"][0]
    other = await stale(house)
    answer = await other.get(back)
    assert (answer.status_code, "mine alone" in answer.text) == (410, False)
    nobody = await browser_at(house[1]).get(back)
    assert nobody.status_code == 303
    page = await confirm(browser, asked.headers["location"])
    found = ACTION.search(page.text)
    assert found is not None
    thief = browser_at(house[1])
    await thief.get("/auth/sign-in")
    thief.cookies.set("__Host-coatcheck", browser.cookies["__Host-coatcheck"])
    lured = await post(thief, html.unescape(found[1]), {"text": "mine alone"})
    assert (lured.status_code, SENT) == (403, []), "the button is this browser's alone"


async def test_a_form_read_by_the_app_before_is_kept_too(house: tuple[Site, FastAPI]) -> None:
    pytest.importorskip("python_multipart")
    site, app = house

    @app.post("/typed", dependencies=[require(fresh=minutes(5))])
    async def typed(text: Annotated[str, Form()]) -> PlainTextResponse:
        SENT.append([("text", text)])
        return PlainTextResponse("done")

    browser = await stale((site, app))
    asked = await post(browser, "/typed", {"text": "milk"})
    done = await press(browser, await confirm(browser, asked.headers["location"]))
    assert (done.text, SENT) == ("done", [[("text", "milk")]])


async def test_it_goes_stale_cleanly(house: tuple[Site, FastAPI]) -> None:
    browser = await stale(house)
    asked = await post(browser, "/notes", {"text": "milk"})
    page = await confirm(browser, asked.headers["location"])
    house[0].clock.advance(timedelta(minutes=10))
    await house[0].follow_log()
    answer = await press(browser, page)
    assert (answer.status_code, SENT) == (410, [])
    back = parse_qs(urlsplit(asked.headers["location"]).query)["return_to"][0]
    assert (await browser.get(back)).status_code == 410
