"""A site that people sign in to with somebody else's server, which is real: what a browser does on the way and back."""

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from coatcheck.accounts.account import Account
from coatcheck.login.link import link
from coatcheck.testing.clock import ManualClock
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.provider import Provider
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
    "lea": Person(claims={"email": "lea@example.org", "email_verified": True}, signed_in_ago=7200),
    "eve": Person(claims={"email": "eve@example.org", "email_verified": True}, amr=["pwd", "otp", "mfa"]),
}


def openid_server(program: Program, *more: str) -> OpenIdServer:
    """Give a server that knows this site, by this name and by others."""
    uris = [BACK, *(f"{ORIGIN}/login/{name}/callback" for name in more)]
    return OpenIdServer(program, people=PEOPLE, clients=[by_secret("site", *uris)])


def table(server: OpenIdServer, **more: object) -> dict[str, object]:
    """Give the settings of a provider that is this server."""
    own = {"entry": "oidc", "title": "Work", "issuer": server.url, "client_id": "site", "client_secret": SECRET}
    return {**own, "private_network": ("127.0.0.0/8",), "checks_emails": True, **more}


def github_table(url: str, **more: object) -> dict[str, object]:
    """Give the settings of GitHub's entry with another server of its kind in GitHub's place."""
    at = {"authorization": f"{url}/login/oauth/authorize", "token": f"{url}/login/oauth/access_token"}
    read = {"userinfo": f"{url}/user", "emails": f"{url}/user/emails"}
    return {**at, **read, "private_network": ("127.0.0.0/8",), **more}


@asynccontextmanager
async def open_with(
    server: OpenIdServer, folder: Path, more: Mapping[str, object] | None = None, **sections: Mapping[str, object]
) -> AsyncIterator[Site]:
    """Open a site with this server as its provider."""
    providers = {NAME: table(server, **(more or {}))}
    url = f"sqlite:///{folder / 'site.db'}"
    given: dict[str, Mapping[str, object]] = {"providers": providers, **sections}
    async with open_site(url, folder, clock=today(), ephemeral="sql", **given) as site:
        yield site


def today() -> ManualClock:
    """Give a clock to set that shows the time: what others' servers sign is of today."""
    return ManualClock(time.time_ns() // 1_000_000)


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


async def methods(browser: httpx.AsyncClient) -> list[str]:
    """Give how whoever is signed in was proven."""
    amr: list[str] = (await browser.get("/api/session")).json()["session"]["amr"]
    return amr


async def linked(browser: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Give the identities of whoever is signed in: provider and address."""
    listed = (await browser.get("/api/identities")).json()["identities"]
    return [(each["provider"], each["email"]) for each in listed]


async def link_ann(site: Site, account: Account) -> None:
    """Link the person `ann` of the provider to an account, at once."""
    [provider] = site.desk.keep(Providers).all()
    assert isinstance(provider, Provider)
    identity = Identity(provider=NAME, issuer=provider.issuer, subject="ann", email="ann@example.org")
    async with site.desk.database.writing() as tx:
        await link(tx, site.desk, account, identity)


def trouble_of(answer: httpx.Response) -> str | None:
    """Give the name of what went wrong, as the page shows it."""
    found = re.search(r"<dt>Trouble</dt><dd>(\w+)</dd>", answer.text)
    return found[1] if found else None


async def shown_step(browser: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    """Give the page of the next step that an answer leads to."""
    assert answer.status_code == 303, answer.text
    shown = await browser.get(answer.headers["location"])
    assert shown.status_code == 200, shown.text
    return shown


async def submit_step(browser: httpx.AsyncClient, step: httpx.Response, **fields: str) -> httpx.Response:
    """Fill in the form of a step."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', step.text))
    return await browser.post("/sign-in/code", data={**hidden, **fields})


async def confirm_with(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    """Confirm at the provider that it is them, by the button of our page."""
    page = await browser.get("/sign-in?confirm=1&return_to=/account/ways-in")
    assert f'formaction="/login/{NAME}"' in page.text, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    leaving = await browser.post(f"/login/{NAME}", data=hidden)
    found = NEXT.search(leaving.text)
    assert found is not None, leaving.text
    async with Walker(BACK) as walker:
        arrived = await walker.sign_in(found[1].replace("&amp;", "&"), name)
    return await come_back(browser, arrived)
