"""Coatcheck in FastAPI and Starlette apps: who is signed in, what is demanded, and the way to sign-in and back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.clock import SystemClock
from coatcheck.integrations import starlette
from coatcheck.integrations.fastapi import CurrentUser, minutes, require
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.site import PASSWORD, Site, open_site

ORIGIN = "https://auth.example.org"
PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}


def fastapi_app() -> FastAPI:
    app = FastAPI()

    @app.get("/notes")
    async def notes(me: CurrentUser) -> dict[str, str | None]:
        return {"email": me.email}

    @app.post("/notes")
    async def add(me: CurrentUser) -> dict[str, str]:
        return {"subject": me.subject}

    @app.delete("/notes", dependencies=[require(permission="notes:delete", role="editor", fresh=minutes(5))])
    async def delete() -> dict[str, bool]:
        return {"deleted": True}

    return app


def starlette_app() -> Starlette:
    async def notes(request: Request) -> Response:
        return JSONResponse({"email": (await starlette.current_user(request)).email})

    async def add(request: Request) -> Response:
        return JSONResponse({"subject": (await starlette.current_user(request)).subject})

    @starlette.require(permission="notes:delete", role="editor", fresh=timedelta(minutes=5))
    async def delete(request: Request) -> Response:
        return JSONResponse({"deleted": request.state.principal.may("notes:delete")})

    routes = [
        Route("/notes", notes, methods=["GET"]),
        Route("/notes", add, methods=["POST"]),
        Route("/notes", delete, methods=["DELETE"]),
    ]
    return Starlette(routes=routes)


@dataclass(frozen=True)
class Mounted:
    """Hold an app with Coatcheck in it, and a browser that visits it."""

    site: Site
    browser: httpx.AsyncClient


@pytest.fixture(params=[fastapi_app, starlette_app])
async def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Mounted]:
    """Mount Coatcheck into an app of each framework."""
    now = ManualClock(SystemClock().now())
    server = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, clock=now, server=server) as site:
        app = request.param()
        site.auth.mount(app, "/auth")
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
        own = {"sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=own) as browser:
            yield Mounted(site, browser)


async def enter(mounted: Mounted) -> None:
    body = {"identifier": "ann@example.org", "password": PASSWORD}
    answer = await mounted.browser.post("/auth/api/sign-in", json=body)
    assert answer.status_code == 200, answer.text


async def test_nobody_gets_a_problem_document(mounted: Mounted) -> None:
    answer = await mounted.browser.get("/notes")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.json()["type"] == "urn:coatcheck:not_signed_in"


async def test_a_page_leads_to_sign_in_and_back(mounted: Mounted) -> None:
    answer = await mounted.browser.get("/notes?page=2", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/sign-in?return_to=%2Fnotes%3Fpage%3D2")


async def test_a_foreign_link_hops_first(mounted: Mounted) -> None:
    hop = await mounted.browser.get("/notes", headers={**PAGE, "sec-fetch-site": "cross-site"})
    assert (hop.status_code, 'content="0; url=/notes"' in hop.text) == (200, True), hop.text
    again = await mounted.browser.get("/notes", headers={**PAGE, "sec-fetch-site": "same-origin"})
    assert again.status_code == 303


async def test_signed_in(mounted: Mounted) -> None:
    person = await mounted.site.person()
    await enter(mounted)
    assert (await mounted.browser.get("/notes")).json() == {"email": "ann@example.org"}
    assert (await mounted.browser.post("/notes")).json() == {"subject": person.id}


async def test_another_site_cannot_use_the_cookie(mounted: Mounted) -> None:
    await mounted.site.person()
    await enter(mounted)
    for site in ("cross-site", "same-site"):
        refused = await mounted.browser.post("/notes", headers={"sec-fetch-site": site})
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site_refused")


async def test_role_permission_and_freshness(mounted: Mounted) -> None:
    site, visit = mounted.site, Visit()
    person = await site.person()
    await create_role(site.desk, visit, role="editor", permissions=["notes:delete"], actor="operator")
    await enter(mounted)
    assert (await mounted.browser.delete("/notes")).json()["code"] == "not_allowed"
    await grant_role(site.desk, visit, account=person.id, role="editor", actor="operator")
    assert (await mounted.browser.delete("/notes")).json() == {"deleted": True}, "the role counts at once"
    await revoke_role(site.desk, visit, account=person.id, role="editor", actor="operator")
    assert (await mounted.browser.delete("/notes")).json()["code"] == "not_allowed", "and so does its loss"


async def test_an_old_sign_in_is_not_fresh(tmp_path: Path) -> None:
    long_ago = ManualClock(SystemClock().now() - 6 * 60_000)
    server = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, clock=long_ago, server=server) as site:
        app = fastapi_app()
        site.auth.mount(app, "/auth")
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
            person = await site.person()
            await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
            await grant_role(site.desk, Visit(), account=person.id, role="editor", actor="operator")
            await enter(Mounted(site, browser))
            assert (await browser.delete("/notes")).json()["code"] == "fresh_sign_in_needed"


def test_an_app_without_an_authenticator_says_what_to_do() -> None:
    request = Request({"type": "http", "app": Starlette(), "headers": [], "method": "GET", "path": "/"})
    with pytest.raises(RuntimeError, match=r"auth\.mount"):
        starlette.current_user(request).send(None)
