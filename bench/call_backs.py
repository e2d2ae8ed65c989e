"""How many people who come back from a provider one worker takes in a second, and how much of that is its own work."""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from bench.place import SETTINGS, new_folder
from bench.processes import Server, running
from bench.table import Line
from bench.turns import in_turns
from coatcheck.keys.algorithms import base64url

TRIPS: Final = 50
"""One address may begin 600 in an hour, which is counted here as always."""
AT_ONCE: Final = 8
ROUNDS: Final = 5
CLIENT: Final = ("client-1", "secret-1")
VERIFIER: Final = "v" * 43
_NUMBERS: Final = count()


NEXT: Final = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')
"""Where the page of a hop leads."""


@dataclass(frozen=True)
class Back:
    """Hold what a browser brings back: the provider's answer, and our cookie."""

    answer: str
    cookie: str


async def measure() -> list[Line]:
    """Measure call-backs against what the provider answers alone, and what our worker works of the time that one takes.

    A call-back is two requests: the answer is parked; then it is taken, the code redeemed, the ID token checked, and a
    session opened.
    """
    with ExitStack() as stack:
        folder, provider = stack.enter_context(new_folder()), stack.enter_context(_provider())
        _write_settings(folder, provider)
        ours = stack.enter_context(running("ours_as_set", folder, answers="/healthz"))
        async with httpx.AsyncClient(timeout=30, cookies=_no_cookies()) as browser:
            rates = await in_turns(
                ROUNDS, {"ours": lambda: _rate(browser, ours, provider), "other": lambda: _bare_rate(browser, provider)}
            )
            times = [await _times(browser, ours, provider) for _ in range(ROUNDS)]
    worked, took = sorted(times)[ROUNDS // 2]
    return [
        Line(
            what="Call-backs of a provider, one worker : codes redeemed there by a bare client",
            ours=rates["ours"],
            other=rates["other"],
            unit="/s",
            bound="at least",
            target=0.05,
        ),
        Line(
            what="One call-back after another, our worker's own work : all of its time",
            ours=worked,
            other=took,
            unit="ms",
            bound="at most",
            target=1,
        ),
    ]


@contextmanager
def _provider() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.servers.loopback_provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _write_settings(folder: Path, provider: str) -> None:
    table = {
        "entry": "oidc",
        "issuer": provider,
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "checks_emails": True,
    }
    (folder / SETTINGS).write_text(json.dumps({"providers": {"work": table}}))


async def _rate(browser: httpx.AsyncClient, ours: Server, provider: str) -> float:
    waiting = [await _gone_and_back(browser, ours) for _ in range(TRIPS)]
    return await _a_second(waiting, lambda back: _come_back(browser, ours, back))


async def _times(browser: httpx.AsyncClient, ours: Server, provider: str) -> tuple[float, float]:
    """Give milliseconds of one call-back: in which our worker ran, and all."""
    waiting = [await _gone_and_back(browser, ours) for _ in range(TRIPS)]
    ran, began = _ran(ours), time.perf_counter()
    for back in waiting:
        await _come_back(browser, ours, back)
    took = time.perf_counter() - began
    return (_ran(ours) - ran) / TRIPS * 1000, took / TRIPS * 1000


async def _bare_rate(browser: httpx.AsyncClient, provider: str) -> float:
    codes = [await _code(browser, provider) for _ in range(TRIPS)]
    return await _a_second(codes, lambda code: _redeem(browser, provider, code))


async def _a_second(waiting: Iterable[object], work: Callable[..., Awaitable[None]]) -> float:
    each = iter(list(waiting))

    async def one_after_another() -> None:
        for one in each:
            await work(one)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return TRIPS / (time.perf_counter() - began)


async def _gone_and_back(browser: httpx.AsyncClient, ours: Server) -> Back:
    leaving = await browser.get(f"{ours.url}/login/work")
    if leaving.status_code != 303:
        raise RuntimeError(f"no way to the provider: {leaving.status_code} {leaving.text[-500:]}")
    cookie = leaving.headers["set-cookie"].partition(";")[0]
    there = await browser.post(leaving.headers["location"], data={"person": "ada"})
    answer = urlsplit(there.headers["location"]).query
    return Back(answer, cookie)


async def _come_back(browser: httpx.AsyncClient, ours: Server, back: Back) -> None:
    parked = await browser.get(f"{ours.url}/login/work/callback?{back.answer}")
    onward = NEXT.search(parked.text)
    if onward is None:
        raise RuntimeError(f"no hop: {parked.status_code} {parked.text[-500:]}")
    ended = await browser.get(f"{ours.url}{onward[1].replace('&amp;', '&')}", headers={"cookie": back.cookie})
    if (parked.status_code, ended.status_code) != (200, 303) or "set-cookie" not in ended.headers:
        raise RuntimeError(f"nobody is signed in: {ended.status_code} {ended.text[-500:]}")


async def _code(browser: httpx.AsyncClient, provider: str) -> str:
    asked = {
        "client_id": CLIENT[0],
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1/",
        "scope": "openid email",
        "code_challenge": base64url(hashlib.sha256(VERIFIER.encode()).digest()),
        "code_challenge_method": "S256",
        "nonce": str(next(_NUMBERS)),
    }
    there = await browser.post(f"{provider}/o/oauth2/v2/auth?{urlencode(asked)}", data={"person": "ada"})
    return dict(parse_qsl(urlsplit(there.headers["location"]).query))["code"]


async def _redeem(browser: httpx.AsyncClient, provider: str, code: str) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1/",
        "code_verifier": VERIFIER,
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
    }
    (await browser.post(f"{provider}/token", data=form)).raise_for_status()


def _ran(server: Server) -> float:
    """Give the seconds for which a process has run on a processor."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
