"""Somebody whose provider's tokens are kept: signed in at npm's server, by a clock that the test moves."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from msgspec.structs import replace
from sqlalchemy import select

from coatcheck.secret import Secret
from coatcheck.storage.tables.upstream import upstream_givebacks
from coatcheck.testing.clock import ManualClock
from coatcheck.upstream import records, vault
from coatcheck.upstream.act_for import upstream_token
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import UpstreamTokens
from coatcheck.upstream.oauth.discovery import Discovery
from coatcheck.upstream.oauth.identify import EARLY_MS
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.records import KeptTokens
from tests.login.providers import NAME, sign_in_as, table
from tests.servers.others import OpenIdServer
from tests.site import Site, open_site

RUN_OUT = timedelta(minutes=61)
"""As long as the server's access tokens live, and a little."""


@asynccontextmanager
async def keeping(
    server: OpenIdServer, url: str, folder: Path, *, count: int = 1, **more: object
) -> AsyncIterator[tuple[Site, ...]]:
    """Open so many sites on one database, with one clock and one key, that keep the tokens of this server."""
    clock = ManualClock(time.time_ns() // 1_000_000)  # the server's tokens are of today
    providers = {NAME: table(server, keeps_tokens=True, **more)}
    async with AsyncExitStack() as stack:
        opening = [open_site(url, folder, clock=clock, providers=providers) for _ in range(count)]
        yield tuple([await stack.enter_async_context(each) for each in opening])


async def ada(site: Site) -> str:
    """Sign in as Ada at the provider, and give her account."""
    async with site.browser() as browser:
        answer = await sign_in_as(browser, "ada")
        assert answer.status_code == 303, answer.text
        account: str = (await browser.get("/api/session")).json()["account"]["id"]
        return account


async def token(site: Site, account: str) -> str:
    """Ask for an access token."""
    return (await upstream_token(site.desk, account=account, provider=NAME)).reveal()


async def is_good(server: OpenIdServer, access: str) -> bool:
    """Ask the provider who it is by an access token."""
    async with httpx.AsyncClient() as app:
        answer = await app.get(f"{server.url}/me", headers={"authorization": f"Bearer {access}"})
    assert answer.status_code in {200, 401}, answer.text
    return answer.status_code == 200


def provider_of(site: Site) -> Provider:
    """Give the one provider of a site."""
    [provider] = site.desk.keep(Providers).all()
    assert isinstance(provider, Provider)
    return provider


def ask_at(site: Site, **endpoints: str) -> None:
    """Have the provider asked elsewhere from now on."""
    provider = provider_of(site)
    site.desk.keep(Providers).use([replace(provider, endpoints=replace(provider.endpoints, **endpoints))])
    site.desk.keep(Discovery)._known.clear()


async def kept(site: Site, account: str) -> KeptTokens | None:
    """Give what is kept."""
    async with site.desk.database.reading() as db:
        return await records.find_tokens(db, account, NAME)


async def opened(site: Site, account: str) -> UpstreamTokens:
    """Give what is kept, unsealed."""
    found = await kept(site, account)
    assert found is not None
    tokens = vault.opened(site.desk, found.sealed, place=vault.place_of(found.identity))
    assert tokens is not None
    return tokens


async def keep_instead(site: Site, account: str, tokens: UpstreamTokens) -> None:
    """Keep other tokens, as a sign-in does."""
    found = await kept(site, account)
    assert found is not None
    async with site.desk.database.writing() as tx:
        await vault.store(tx, site.desk, found.identity, tokens)


async def waiting_givebacks(site: Site) -> list[str]:
    """List what waits to be given back: the access tokens."""
    async with site.desk.database.reading() as db:
        rows = (await db.execute(select(upstream_givebacks.c.id, upstream_givebacks.c.sealed))).all()
    found = [vault.opened(site.desk, sealed, place=f"upstream_givebacks.sealed:{name}") for name, sealed in rows]
    return [each.access.reveal() for each in found if each is not None]


def made_up(access: str, *, refresh: str | None = "refresh", expires_at: int | None = None) -> UpstreamTokens:
    """Give tokens that no provider gave."""
    return UpstreamTokens(
        access=Secret(access),
        refresh=Secret(refresh) if refresh else None,
        scopes=("openid",),
        expires_at=expires_at,
        renew_from=None if expires_at is None else expires_at - EARLY_MS,
    )
