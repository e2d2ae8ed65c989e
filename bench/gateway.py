"""How often nginx lets a request through that `GET /verify` was asked about, against an app that says yes to all."""

import json
import secrets
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.nginx import nginx_asking
from bench.place import SETTINGS, coatcheck_in, new_folder
from bench.processes import running
from bench.session_call import EMAIL, PASSWORD, rate
from bench.table import Line
from bench.turns import in_turns
from coatcheck.admin.create_account import create_account
from coatcheck.visit import Visit

HOST = "notes.example.org"
COOKIE = "coatcheck-session"


async def measure() -> list[Line]:
    """Measure the same nginx in front of both, in turns."""
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder())
        secret = secrets.token_urlsafe(32)
        cookie = await _signed_in(folder, secret)
        ours = stack.enter_context(running("ours_as_set", folder, answers="/healthz"))
        bare = stack.enter_context(running("bare_yes", folder, answers="/healthz", status=204))
        headers = {
            "Coatcheck-Gateway": secret,
            "X-Forwarded-Method": "$request_method",
            "X-Forwarded-Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Uri": "$request_uri",
        }
        before_ours = stack.enter_context(nginx_asking(ours.port, headers, folder / "before_ours"))
        before_bare = stack.enter_context(nginx_asking(bare.port, headers, folder / "before_bare"))
        _check(before_ours, cookie)
        rates = await in_turns(7, {"ours": rate(before_ours, "/", cookie), "other": rate(before_bare, "/", cookie)})
    what = "`GET /verify` behind nginx, one worker : an app that always answers 204"
    return [Line(what=what, **rates, unit="/s", bound="at least", target=0.6)]


async def _signed_in(folder: Path, secret: str) -> str:
    """Make an account with a session, and settings with a gateway; give the cookie."""
    sections = {
        "server": {"public_url": "http://localhost:8400", "trusted_proxies": ["127.0.0.1"]},
        "gateway": {"secret": secret, "hosts": [f"{HOST} = https://{HOST}"]},
    }
    (folder / SETTINGS).write_text(json.dumps(sections))
    auth = coatcheck_in(folder, **sections)
    desk = await auth.open()
    await create_account(desk, Visit(), email=EMAIL, password=PASSWORD, username=None, actor="operator")
    transport = httpx.ASGITransport(auth.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8400") as browser:
        body = {"identifier": EMAIL, "password": PASSWORD}
        (await browser.post("/api/sign-in", json=body)).raise_for_status()
        cookie = browser.cookies[COOKIE]
    await auth.close()
    return f"{COOKIE}={cookie}"


def _check(port: int, cookie: str) -> None:
    """See that nobody is let in without a session: a gateway that says yes to all would be fast."""
    if httpx.get(f"http://127.0.0.1:{port}/").status_code != 401:
        raise RuntimeError("the gateway lets everybody in")
    httpx.get(f"http://127.0.0.1:{port}/", headers={"cookie": cookie}).raise_for_status()
