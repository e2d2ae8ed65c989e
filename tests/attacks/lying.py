"""A site that people sign in to with providers that lie: the whole way there and back, as a browser goes it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from msgspec.structs import replace
from sqlalchemy import select

from coatcheck.accounts.account import Account
from coatcheck.login.link import link
from coatcheck.secret import new_secret
from coatcheck.storage.tables.audit import audit_events
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.provider import Provider
from tests.login.providers import NEXT, come_back
from tests.servers.walking import Arrived
from tests.site import FORM_TOKEN, ORIGIN, Site, open_site
from tests.upstream.hostile import Hostile, hostile
from tests.upstream.oauth.acme import CLIENT, SECRET, Acme


@dataclass(frozen=True)
class Lying:
    """Hold a site and two providers of it, which say whatever a test wants.

    Args:
        acme, other: the providers, named so in the site's settings.
    """

    site: Site
    acme: Acme
    other: Acme

    def provider(self, name: str = "acme", **changed: Any) -> Provider:
        """Change a provider of the site, and give it."""
        kept = self.site.desk.keep(Providers)
        found = kept.get(name)
        assert isinstance(found, Provider)
        changed_one = replace(found, **changed)
        kept.use([changed_one if each.name == name else each for each in kept.all()])
        return changed_one

    def says(self, sub: str, email: str | None = None, **claims: Any) -> None:
        """Have both say who comes next."""
        about = {"sub": sub, **({"email": email, "email_verified": True} if email else {}), **claims}
        for each in (self.acme, self.other):
            each.claims, each.userinfo = about, {"sub": sub}

    async def link(self, account: Account, sub: str) -> None:
        """Link a person of acme to an account, at once."""
        identity = Identity(provider="acme", issuer=self.acme.url, subject=sub)
        async with self.site.desk.database.writing() as tx:
            await link(tx, self.site.desk, account, identity)


@dataclass(frozen=True)
class Left:
    """Say what a browser carried to a provider, and the answer that comes back."""

    name: str
    asked: Mapping[str, str]
    code: str

    def answer(self, method: str = "GET", **changed: str) -> Arrived:
        """Give the provider's answer as it comes to a callback of the site."""
        words = {"state": self.asked["state"], "code": self.code, **changed}
        return Arrived(method, f"{ORIGIN}/login/{self.name}/callback", words)


async def leave(lying: Lying, browser: httpx.AsyncClient, name: str = "acme", **query: str) -> Left:
    """Leave for a provider to sign in, and sign in there."""
    answer = await browser.get(f"/login/{name}", params=query)
    assert answer.status_code == 303, answer.text
    return _there(lying, name, answer.headers["location"])


async def leave_to_link(lying: Lying, browser: httpx.AsyncClient, name: str = "acme") -> Left:
    """Leave for a provider to link it to the account that is signed in, and sign in there."""
    await browser.get("/account/ways-in")  # whose page gives the browser its name
    answer = await browser.post(f"/api/identities/{name}/start")
    assert answer.status_code == 200, answer.text
    return _there(lying, name, answer.json()["location"])


def _there(lying: Lying, name: str, address: str) -> Left:
    asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
    code = f"code-{new_secret().reveal()}"
    (lying.acme if name == "acme" else lying.other).nonces[code] = asked.get("nonce", "")
    return Left(name, asked, code)


async def sign_in_by(lying: Lying, browser: httpx.AsyncClient, name: str = "acme", **query: str) -> httpx.Response:
    """Sign in there and come back."""
    return await come_back(browser, (await leave(lying, browser, name, **query)).answer())


async def hop_of(browser: httpx.AsyncClient, arrived: Arrived) -> str:
    """Bring an answer, and give where its hop leads, without going there."""
    bare = httpx.AsyncClient(transport=browser._transport, base_url=ORIGIN, headers=dict(browser.headers))
    parked = await bare.get(urlsplit(arrived.address).path, params=arrived.answer, headers={"cookie": ""})
    found = NEXT.search(parked.text)
    assert found is not None, parked.text
    return found[1].replace("&amp;", "&")


async def form_token(browser: httpx.AsyncClient) -> str:
    """Give the token that this browser's forms carry."""
    found = FORM_TOKEN.search((await browser.get("/sign-in")).text)
    assert found is not None
    return found[1]


async def troubles(site: Site) -> list[dict[str, Any]]:
    """Give what the audit trail says of providers that failed, oldest first."""
    failed = select(audit_events.c.details).where(audit_events.c.event == "upstream.failed").order_by(audit_events.c.id)
    async with site.desk.database.reading() as db:
        return [json.loads(row.details) for row in await db.execute(failed)]


@asynccontextmanager
async def lying_at(url: str, folder: Path, **sections: Mapping[str, object]) -> AsyncIterator[Lying]:
    """Open a site on a database, and its providers."""
    async with hostile() as one, hostile() as two:
        providers = {"acme": _table(one, "Acme"), "other": _table(two, "Other")}
        given: dict[str, Mapping[str, object]] = {"providers": providers, **sections}
        async with open_site(url, folder, ephemeral="sql", clock=None, **given) as site:
            lying = Lying(site, Acme(one, site), Acme(two, site))
            for each in (lying.acme, lying.other):
                each.publish()
            yield lying


def _table(server: Hostile, title: str) -> dict[str, object]:
    own = {"entry": "oidc", "title": title, "issuer": server.url, "client_id": CLIENT, "client_secret": SECRET}
    return {**own, "private_network": ("127.0.0.0/8",), "checks_emails": True}
