"""A small app with Coatcheck at /auth, for pages that use the browser SDK: run it with a port, a folder and settings.

What it keeps lies in the folder, so that it may be killed and started again.
"""

import json
import sys
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coatcheck.admin.create_account import create_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.clock import Instant, SystemClock
from coatcheck.desk.outbox import waiting_mails
from coatcheck.integrations.fastapi import CurrentUser, minutes, require
from coatcheck.secret import new_id
from coatcheck.server.bounded_http import BoundedHttp
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.visit import Visit
from tests.ready import hashing_cheaply, ready_file
from tests.sdk.inbox import router as inbox
from tests.site import PASSWORD

MODULES = Path(__file__).parents[2] / "sdk" / "src"
PAGE = """<!doctype html><html lang="en"><title>Notes</title><h1>Notes</h1>
<label>Name <input id="name" autocomplete="username webauthn"></label></html>"""


def make_app(port: int, folder: Path, sections: Mapping[str, Mapping[str, Any]]) -> FastAPI:
    """Make the app."""
    auth = _coatcheck(port, folder, sections)
    app = FastAPI(lifespan=auth.lifespan)
    notes = Notes(folder / "notes.json")

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @app.post("/people")
    async def person() -> dict[str, str]:
        """Make an account, for tests alone."""
        email = f"{new_id('p')}@example.org"
        account = await create_account(auth.desk, Visit(), email=email, password=PASSWORD, actor="operator")
        return {"id": account.id, "email": email}

    @app.get("/mails")
    async def mails(to: str) -> list[str]:
        """Give the texts of mails that wait, newest first, for tests alone."""
        return [each.message.text for each in await waiting_mails(auth.desk) if each.message.to == to]

    @app.post("/people/{account}/may-write")
    async def may_write(account: str) -> None:
        """Let somebody write notes, for tests alone."""
        await create_role(auth.desk, Visit(), role="writer", permissions=["notes:write"], actor="operator")
        await grant_role(auth.desk, Visit(), account=account, role="writer", actor="operator")

    @app.get("/api/me")
    async def me(who: CurrentUser) -> dict[str, Any]:
        return {"id": who.subject, "session": who.session}

    @app.get("/api/notes")
    async def shown(who: CurrentUser) -> list[str]:
        return notes.of(who.subject)

    @app.post("/api/notes", status_code=201)
    async def add(request: Request, who: CurrentUser, idempotency_key: Annotated[str, Header()] = "") -> Response:
        notes.add(who.subject, idempotency_key or new_id("n"), (await request.json())["text"])
        return Response(status_code=201)

    @app.post("/api/keys", dependencies=[require(fresh=minutes(5))])
    async def fresh() -> JSONResponse:
        return JSONResponse({"done": True})

    @app.post("/api/payroll", dependencies=[require(acr="aal2")])
    async def strong() -> JSONResponse:
        return JSONResponse({"done": True})

    @app.post("/away")
    async def away(to: str) -> RedirectResponse:
        """Send whoever asks to wherever they are told to, as many apps do somewhere."""
        return RedirectResponse(to, 307)

    app.include_router(inbox)
    app.mount("/modules", StaticFiles(directory=MODULES))
    auth.mount(app, "/auth")
    return app


class Notes:
    """Keep notes in a file: of requests with the same key, one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, list[list[str]]] = json.loads(path.read_text()) if path.exists() else {}

    def of(self, account: str) -> list[str]:
        """Give somebody's notes, in the order in which they came."""
        return [text for _, text in self._kept.get(account, [])]

    def add(self, account: str, key: str, text: str) -> None:
        """Keep a note, unless it came before."""
        own = self._kept.setdefault(account, [])
        if all(key != known for known, _ in own):
            own.append([key, text])
            self._path.write_text(json.dumps(self._kept))


def _coatcheck(port: int, folder: Path, sections: Mapping[str, Mapping[str, Any]]) -> Coatcheck:
    if not (folder / "app.db").exists():
        make_key_file(folder / "master.key")
        ready_file(folder / "app.db")
    overrides: dict[str, Mapping[str, Any]] = {
        "database": {"url": f"sqlite:///{folder / 'app.db'}"},
        "secret": {"master_key_file": str(folder / "master.key")},
        "tokens": {"offline_scopes": ["notes:write", "notes:read"]},
        "server": {"public_url": f"http://localhost:{port}/auth"},
        **sections,
    }
    settings = hashing_cheaply(read_settings(None, {}, overrides))
    return Coatcheck.from_settings(settings, base=folder, clock=FileClock(folder / "ahead"))


class FileClock(SystemClock):
    """Tell the machine's time and as many milliseconds more as a file says, which tests write."""

    def __init__(self, ahead: Path) -> None:
        self._ahead = ahead

    def now(self) -> Instant:
        """Give the wall-clock time in milliseconds since 1970 UTC."""
        return super().now() + (int(self._ahead.read_text()) if self._ahead.exists() else 0)


class Dated:
    """Say in each answer what time it is, by that clock."""

    def __init__(self, app: ASGIApp, clock: SystemClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now() / 1000, usegmt=True)
                message = {**message, "headers": [*message["headers"], (b"date", date.encode())]}
            await send(message)

        await self._app(scope, receive, dated)


def main(port: str, folder: str, sections: str) -> None:
    """Serve it until it is stopped."""
    app = Dated(make_app(int(port), Path(folder), json.loads(sections)), FileClock(Path(folder, "ahead")))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(port),
        http=BoundedHttp,
        proxy_headers=False,
        date_header=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
