"""A service behind a real proxy, for tests: it tells what it was told, and the site that the proxy asks."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from msgspec import Struct
from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.gateway.asking import SETTINGS, gateway_site
from tests.servers.server import HOST, free_port
from tests.site import Site

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "proxies"
NAMES = (
    "Coatcheck-Gateway",
    "Coatcheck-User",
    "Forwarded",
    "Remote-Email",
    "Remote-Groups",
    "Remote-User",
    "X-Auth-Request-Email",
    "X-Auth-Request-User",
    "X-Authenticated-Userid",
    "X-Consumer-Username",
    "X-Email",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Method",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Uri",
    "X-Forwarded-User",
    "X-Remote-User",
    "X-Roles",
    "X-User",
    "X-User-Email",
    "X-User-Id",
    "X-User-Roles",
    "X-Webauth-User",
)
"""Headers in which services are known to be told who calls."""


class Behind(Struct, frozen=True):
    """Hold what stands behind a proxy: where Coatcheck answers, and the service."""

    coatcheck: int
    service: int
    its_site: Site | None = None

    @property
    def site(self) -> Site:
        """The site that Coatcheck serves."""
        assert self.its_site is not None
        return self.its_site

    def example(self, name: str, *changes: tuple[str, str]) -> Callable[[int, Path], str]:
        """Give an example of ours, made to run here: addresses and secret put in, and without TLS.

        Args:
            name: of the file.
            changes: what stands there, and what is there in its place; `{port}` and `{folder}` are known by then.
        """
        text = (EXAMPLES / name).read_text("utf-8")
        known = {
            "COATCHECK_HOST": HOST,
            "COATCHECK_PORT": str(self.coatcheck),
            "NOTES_HOST": HOST,
            "NOTES_PORT": str(self.service),
            "COATCHECK;": f"{HOST}:{self.coatcheck};",
            "NOTES;": f"{HOST}:{self.service};",
            "COATCHECK {": f"{HOST}:{self.coatcheck} {{",
            "NOTES {": f"{HOST}:{self.service} {{",
            "SECRET": SETTINGS["gateway"]["secret"],
        }
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        text = "\n".join(lines) + "\n"
        for old, new in (*changes, *known.items()):
            text = text.replace(old, new)
        return lambda port, folder: text.replace("{port}", str(port)).replace("{folder}", str(folder))


@asynccontextmanager
async def standing_behind(folder: Path, at: Behind) -> AsyncIterator[Behind]:
    """Serve a site and a service on this machine, where the proxy that runs looks for them."""
    proxied = {"public_url": "https://auth.example.org", "trusted_proxies": [HOST]}
    async with (
        gateway_site(folder, server=proxied) as site,
        serving(site.auth.app, at.coatcheck),
        serving(tell_what_came, at.service),
    ):
        yield replace(at, its_site=site)


async def tell_what_came(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the request as it came, every header of it; accept each socket and tell it the same."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers", [])]
    told = json.dumps({"method": scope.get("method"), "path": scope.get("path"), "headers": pairs})
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": told})
        await send({"type": "websocket.close"})
    elif scope["type"] == "http":
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": told.encode()})


@asynccontextmanager
async def serving(app: ASGIApp, port: int | None = None) -> AsyncIterator[int]:
    """Serve an app on a port of this machine, any if none is named; what runs beside it does not run."""
    port = port or free_port()
    config = uvicorn.Config(app, HOST, port, lifespan="off", log_config=None, proxy_headers=False, access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not running.done(), running.exception()
    try:
        yield port
    finally:
        server.should_exit = True
        server.force_exit = True
        await running


def headers_in(answer: httpx.Response) -> list[tuple[str, str]]:
    """Give the headers that the service got."""
    assert answer.status_code == 200, (answer.status_code, answer.text)
    told: dict[str, Any] = answer.json()
    return [(name, value) for name, value in told["headers"]]
