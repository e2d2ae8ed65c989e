"""A small notes app with Coatcheck mounted at /auth, as a person meets it, and pages of a stranger's site beside it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.applications import Starlette
from starlette.responses import HTMLResponse as Page
from starlette.routing import Route
from starlette.types import ASGIApp

from coatcheck.access.names import ADMIN
from coatcheck.admin.create_account import create_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.admin.set_up import offer_set_up
from coatcheck.integrations.fastapi import CurrentUser, minutes, require
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.ready import hashing_cheaply
from tests.recovery.lost import APP, enrol
from tests.site import PASSWORD

ROOT, BEN, CLEO = "root@example.org", "ben@example.org", "cleo@example.org"
SHELL = '<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}</html>'
SHARE = """<form method="post" action="/share">
<input type="hidden" name="csrf_token" value="5f2c"><label>With <input name="with"></label>
<label><input type="checkbox" name="may" value="read" checked> read</label>
<label><input type="checkbox" name="may" value="write"> write</label>
<label>Words <textarea name="words"></textarea></label><button>Share</button></form>
<form method="post" action="/share"><input type="hidden" name="password" value="x">
<button>Share by password</button></form>
"""


@dataclass(frozen=True)
class House:
    """Say where the app and the stranger's site are.

    Args:
        url: the app's origin; Coatcheck is under `/auth`.
        stranger: another site's origin.
    """

    url: str
    stranger: str

    def at(self, path: str) -> str:
        """Give the address of a page of Coatcheck."""
        return f"{self.url}/auth{path}"


def notes_app(
    port: int,
    folder: Path,
    set_up: list[str] | None = None,
    *,
    clock: ManualClock | None = None,
    shared: list[dict[str, list[str]]] | None = None,
    also: Callable[[Coatcheck], Awaitable[None]] | None = None,
    **sections: Mapping[str, object],
) -> ASGIApp:
    """Make the app; Root, an administrator, Ben, and Cleo, who has second factors, have accounts from the start.

    Args:
        set_up: where to put the token of the set-up link; nobody has an account then.
        clock: the time by which Coatcheck goes, for tests in which some must pass.
        shared: where to put what was shared.
        also: what else is done before the first visitor comes.
        sections: more settings, by section.
    """
    make_key_file(folder / "master.key")
    overrides: dict[str, Mapping[str, object]] = {
        "database": {"url": f"sqlite:///{folder / 'notes.db'}"},
        "secret": {"master_key_file": str(folder / "master.key")},
        "server": {"public_url": f"http://localhost:{port}/auth"},
        "site": {"name": "Notes", "home": "/notes"},
        "sign_in": {"trust_devices_for": "30d", **sections.pop("sign_in", {})},
        **sections,
    }
    settings = hashing_cheaply(read_settings(None, {}, overrides))
    auth = Coatcheck.from_settings(settings, base=folder, clock=clock)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with auth.lifespan(app):
            if set_up is None:
                await _people(auth)
            elif link := await offer_set_up(auth.desk):
                set_up.append(link.reveal())
            if also is not None:
                await also(auth)
            yield

    app = FastAPI(lifespan=lifespan)
    notes: list[str] = []
    shared = [] if shared is None else shared

    @app.get("/notes")
    async def show(me: CurrentUser, more: Annotated[str, "as typed"] = "") -> HTMLResponse:
        rows = "".join(f"<li>{escape(note)}</li>" for note in notes)
        form = '<form method="post" action="/notes"><input name="text" aria-label="Note"><button>Add</button></form>'
        body = f'<p id="me">{escape(me.email or "")}</p><p id="more">{escape(more)}</p><ul>{rows}</ul>{form}'
        return HTMLResponse(SHELL.format(title="Your notes", body=body))

    @app.post("/notes")
    async def add(request: Request, me: CurrentUser) -> RedirectResponse:
        notes.append(parse_qs((await request.body()).decode())["text"][0])
        return RedirectResponse("/notes", 303)

    @app.get("/share")
    async def sharing(me: CurrentUser) -> HTMLResponse:
        return HTMLResponse(SHELL.format(title="Share your notes", body=SHARE))

    @app.post("/share", dependencies=[require(fresh=minutes(5))])
    async def share(request: Request) -> HTMLResponse:
        fields = parse_qs((await request.body()).decode())
        shared.append(fields)
        return HTMLResponse(SHELL.format(title=f"Shared with {escape(fields['with'][0])}", body=""))

    auth.mount(app, "/auth")
    return app


async def _people(auth: Coatcheck) -> None:
    root = await create_account(auth.desk, Visit(), email=ROOT, password=PASSWORD, actor="operator")
    await create_account(auth.desk, Visit(), email=BEN, password=PASSWORD, username="ben", actor="operator")
    cleo = await create_account(auth.desk, Visit(), email=CLEO, password=PASSWORD, actor="operator")
    await enrol(auth.desk, cleo, APP)
    await create_role(auth.desk, Visit(), role=ADMIN, permissions=[], actor="operator")
    await create_role(auth.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
    await grant_role(auth.desk, Visit(), account=root.id, role=ADMIN, actor="operator")


def strangers_site(target: str) -> ASGIApp:
    """Make another site: links to our pages, and forms that it sends for its visitor.

    Args:
        target: the origin of the app.
    """

    async def links(request: object) -> Page:
        places = {"notes": "/notes?more=kept", "sign-in": "/auth/sign-in", "account": "/auth/account"}
        places["provider"] = "/auth/login/otherhub?return_to=/notes"
        body = "".join(f'<p><a id="{name}" href="{target}{path}">{name}</a></p>' for name, path in places.items())
        return Page(SHELL.format(title="Elsewhere", body=body))

    async def attack(request: Request) -> Page:
        action = f"{target}{request.query_params['action']}"
        fields = '<input name="text" value="planted"><input name="everywhere" value="true">'
        form = f'<form id="attack" method="post" action="{action}">{fields}<button>Win a prize</button></form>'
        return Page(SHELL.format(title="Elsewhere", body=form + "<script>attack.submit()</script>"))

    return Starlette(routes=[Route("/", links), Route("/attack", attack)])
