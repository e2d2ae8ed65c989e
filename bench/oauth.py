"""How often one worker gives a service a token, and tells about one, against npm's oidc-provider."""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from bench.place import coatcheck_in, new_folder
from bench.processes import Server, running
from bench.table import Line
from bench.turns import in_turns
from coatcheck.admin.services import create_service
from coatcheck.visit import Visit
from tools.install_node_packages import BENCH, install

SECONDS: Final = 1.0
ROUNDS: Final = 7
KEYS: Final = {"keys": {"algorithm": "ES256"}}
JWT, OPAQUE = "https://jwt.example.org", "https://opaque.example.org"
GRANT: Final = {"grant_type": "client_credentials", "scope": "notes:read notes:write"}


async def measure() -> list[Line]:
    """Measure both servers in turns: what each gives by ES256, and what each tells of a token that it has given."""
    await asyncio.to_thread(install, BENCH)
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder())
        ours_is, theirs_is = await _register(folder), ("reports", "a secret of theirs that is as long as ours is")
        words = {"id": theirs_is[0], "secret": theirs_is[1], "jwt": JWT, "opaque": OPAQUE}
        (folder / "words.json").write_text(json.dumps(words))
        ours = stack.enter_context(running("ours_by_es256", folder, answers="/healthz"))
        theirs = stack.enter_context(
            running("oidc_provider", folder / "words.json", answers="/.well-known/openid-configuration")
        )
        told_ours = {"token": _token(ours, "/oauth/token", ours_is, GRANT)}
        told_theirs = {"token": _token(theirs, "/token", theirs_is, {**GRANT, "resource": OPAQUE})}
        rates = await in_turns(
            ROUNDS,
            {
                "token": _rate(ours, "/oauth/token", ours_is, GRANT),
                "their token": _rate(theirs, "/token", theirs_is, {**GRANT, "resource": JWT}),
                "introspection": _rate(ours, "/oauth/introspect", ours_is, told_ours),
                "their introspection": _rate(theirs, "/token/introspection", theirs_is, told_theirs),
            },
        )
    return [_line("token", "`POST /oauth/token`, ES256", rates, 2), _line("introspection", "Introspection", rates, 2.5)]


def _line(name: str, what: str, rates: Mapping[str, float], target: float) -> Line:
    what = f"{what}, one worker : npm `oidc-provider`"
    return Line(what=what, ours=rates[name], other=rates[f"their {name}"], unit="/s", bound="at least", target=target)


async def _register(folder: Path) -> tuple[str, str]:
    auth = coatcheck_in(folder, **KEYS)
    desk = await auth.open()
    made = await create_service(
        desk,
        Visit(),
        name="reports",
        permissions=GRANT["scope"].split(),
        calls=[],
        serves=[],
        public_key=None,
        actor="operator",
    )
    await auth.close()
    return made.id, made.secret.reveal() if made.secret else ""


def _token(server: Server, path: str, credentials: tuple[str, str], form: Mapping[str, str]) -> str:
    answer = httpx.post(f"{server.url}{path}", data=dict(form), headers={"authorization": _basic(credentials)})
    token: str = answer.raise_for_status().json()["access_token"]
    return token


def _basic(credentials: tuple[str, str]) -> str:
    pair = urlencode({"": credentials[0]})[1:] + ":" + urlencode({"": credentials[1]})[1:]
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _rate(
    server: Server, path: str, credentials: tuple[str, str], form: Mapping[str, str]
) -> Callable[[], Coroutine[Any, Any, float]]:
    body = urlencode(form)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: reports/1.0",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"Authorization: {_basic(credentials)}",
    ]
    request = "\r\n".join([*lines, "", body]).encode()
    command = [sys.executable, "-m", "bench.load", str(server.port), str(SECONDS)]

    async def measure() -> float:
        loaded = await asyncio.to_thread(subprocess.run, command, input=request, capture_output=True, check=True)
        return float(loaded.stdout)

    return measure
