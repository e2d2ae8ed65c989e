"""A site that people sign in to with somebody else's server, which is real: what a browser does on the way and back."""

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from coatcheck.testing.clock import ManualClock
from tests.servers.others import SECRET, OpenIdServer, Person, by_secret
from tests.servers.programs import Program
from tests.servers.walking import Arrived, Walker
from tests.site import ORIGIN, Site, open_site

NAME = "work"
BACK = f"{ORIGIN}/login/{NAME}/callback"
NEXT = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')
PEOPLE = {
    "ada": Person(claims={"email": "ada@example.com", "email_verified": True, "name": "Ada Example"}),
    "ann": Person(claims={"email": "ann@example.org", "email_verified": True, "name": "Ann"}),
    "ben": Person(claims={"email": "ann@example.org", "email_verified": True, "name": "Ben who has Ann's address"}),
    "cem": Person(claims={"email": "cem@example.org", "email_verified": False}),
    "dan": Person(claims={}),
    "eve": Person(claims={"email": "eve@example.org", "email_verified": True}, amr=["pwd", "otp", "mfa"]),
}


def openid_server(program: Program, *more: str) -> OpenIdServer:
    """Give a server that knows this site, by this name and by others."""
    uris = [BACK, *(f"{ORIGIN}/login/{name}/callback" for name in more)]
    return OpenIdServer(program, people=PEOPLE, clients=[by_secret("site", *uris)])


def table(server: OpenIdServer, **more: object) -> dict[str, object]:
    """Give the settings of a provider that is this server."""
    own = {"entry": "oidc", "title": "Work", "issuer": server.url, "client_id": "site", "client_secret": SECRET}
    return {**own, "private_network": ("127.0.0.0/8",), **more}


@asynccontextmanager
async def open_with(
    server: OpenIdServer, folder: Path, more: Mapping[str, object] | None = None, **sections: Mapping[str, object]
) -> AsyncIterator[Site]:
    """Open a site with this server as its provider."""
    providers = {NAME: table(server, **(more or {}))}
    url = f"sqlite:///{folder / 'site.db'}"
    clock = ManualClock(time.time_ns() // 1_000_000)  # the server's tokens are of today
    async with open_site(url, folder, clock=clock, **{"providers": providers, **sections}) as site:
        yield site


async def leave(browser: httpx.AsyncClient, path: str = f"/login/{NAME}") -> str:
    """Leave for the provider from a page of ours; give where it leads."""
    answer = await browser.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(browser: httpx.AsyncClient, arrived: Arrived) -> httpx.Response:
    """Come back with a provider's answer as a browser does: the request is another site's, the hop's next our own."""
    cross = {"sec-fetch-site": "cross-site", "cookie": ""}
    path = urlsplit(arrived.address).path
    bare = httpx.AsyncClient(transport=browser._transport, base_url=ORIGIN, headers=dict(browser.headers))
    if arrived.method == "POST":
        parked = await bare.post(path, data=arrived.answer, headers=cross)
    else:
        parked = await bare.get(path, params=arrived.answer, headers=cross)
    found = NEXT.search(parked.text)
    return parked if found is None else await browser.get(found[1].replace("&amp;", "&"))


async def sign_in_as(browser: httpx.AsyncClient, name: str, path: str = f"/login/{NAME}") -> httpx.Response:
    """Sign in at the provider by a name, and come back."""
    async with Walker(BACK) as walker:
        arrived = await walker.sign_in(await leave(browser, path), name)
    return await come_back(browser, arrived)


async def who(browser: httpx.AsyncClient) -> str | None:
    """Give the address of whoever is signed in, or None."""
    answer = await browser.get("/api/session")
    return answer.json()["account"]["email"] if answer.status_code == 200 else None
