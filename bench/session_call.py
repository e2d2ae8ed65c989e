"""How often one worker answers `GET /api/session` over a real socket, against a bare route and FastAPI-Users."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from bench.place import AGENT, coatcheck_in, new_folder
from bench.processes import Server, running
from bench.table import Line
from bench.turns import in_turns
from coatcheck.admin.create_account import create_account
from coatcheck.visit import Visit

EMAIL, PASSWORD = "ann@example.org", "seven quiet lanterns drift"
SECONDS = 1.0


async def measure() -> list[Line]:
    """Measure the three servers in turns."""
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder())
        await _make_account(folder)
        ours = stack.enter_context(running("ours", folder, answers="/healthz"))
        cookies = _signed_in(ours, "/api/sign-in", json={"identifier": EMAIL, "password": PASSWORD})
        (folder / "words.json").write_text(_answer(ours, cookies))
        bare = stack.enter_context(running("bare_starlette", folder / "words.json", answers="/api/session"))
        theirs = stack.enter_context(running("fastapi_users_server", folder, answers="/openapi.json"))
        _register(theirs)
        their_cookies = _signed_in(theirs, "/auth/login", data={"username": EMAIL, "password": PASSWORD})
        rates = await in_turns(
            9,
            {
                "ours": rate(ours.port, "/api/session", cookies),
                "bare": rate(bare.port, "/api/session", cookies),
                "theirs": rate(theirs.port, "/users/me", their_cookies),
            },
        )
    return [
        _line("a bare Starlette route with the same JSON", rates["ours"], rates["bare"], 0.6),
        _line("FastAPI-Users `/users/me`, database strategy", rates["ours"], rates["theirs"], 15),
    ]


def _line(other: str, ours: float, rate: float, target: float) -> Line:
    what = f"`GET /api/session`, one worker : {other}"
    return Line(what=what, ours=ours, other=rate, unit="/s", bound="at least", target=target)


async def _make_account(folder: Path) -> None:
    auth = coatcheck_in(folder)
    desk = await auth.open()
    await create_account(desk, Visit(), email=EMAIL, password=PASSWORD, username=None, actor="operator")
    await auth.close()


def _answer(server: Server, cookies: str) -> str:
    return httpx.get(f"{server.url}/api/session", headers={"cookie": cookies}).raise_for_status().text


def _register(server: Server) -> None:
    body = {"email": EMAIL, "password": PASSWORD}
    httpx.post(f"{server.url}/auth/register", json=body).raise_for_status()


def _signed_in(server: Server, path: str, **body: Any) -> str:
    with httpx.Client(base_url=server.url) as browser:
        browser.post(path, **body).raise_for_status()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)


def rate(port: int, path: str, cookies: str) -> Callable[[], Coroutine[Any, Any, float]]:
    """Make a measure of how often a second a path is answered."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"User-Agent: {AGENT}", "Accept: */*"]
    request = "\r\n".join([*lines, f"Cookie: {cookies}", "", ""]).encode()
    command = [sys.executable, "-m", "bench.load", str(port), str(SECONDS)]

    async def measure() -> float:
        loaded = await asyncio.to_thread(subprocess.run, command, input=request, capture_output=True, check=True)
        return float(loaded.stdout)

    return measure
