"""A site with a gateway, and the proxy that asks it, as each of the tests needs them."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from coatcheck.verifier.canonical import decode_base64url
from tests.keys.sites import signing_site
from tests.site import ORIGIN, Site

SECRET = "a word between the proxy and us!".replace(" ", "-")
PROXY = "10.1.2.3"
NOTES, NOTES_HOST = "https://notes.example.org", "notes.example.org"
BILLS, BILLS_HOST = "https://bills.example.org/api", "bills.example.org:8443"
OWN_HOST, OWN_APP = "auth.example.org", "https://auth.example.org/notes"
COOKIE = "__Host-coatcheck"
SETTINGS: dict[str, Any] = {
    "server": {"public_url": ORIGIN, "trusted_proxies": ["10.0.0.0/8"]},
    "gateway": {
        "secret": SECRET,
        "hosts": [f"{NOTES_HOST} = {NOTES}", f"{BILLS_HOST} = {BILLS}", f"{OWN_HOST} = {OWN_APP}"],
    },
    "tokens": {"audience": [NOTES, BILLS]},
}


@asynccontextmanager
async def gateway_site(folder: Path, **sections: Mapping[str, Any]) -> AsyncIterator[Site]:
    """Open a site on SQLite with a gateway."""
    async with signing_site(folder, **{**SETTINGS, **sections}) as site:
        yield site


def said(method: str = "GET", host: str = NOTES_HOST, uri: str = "/x?y=1", scheme: str = "https") -> dict[str, str]:
    """Give the headers in which nginx, Traefik and Caddy say what they ask about."""
    return {
        "x-forwarded-method": method,
        "x-forwarded-host": host,
        "x-forwarded-uri": uri,
        "x-forwarded-proto": scheme,
    }


def proxy(site: Site, *, peer: str = PROXY, secret: str | None = SECRET) -> httpx.AsyncClient:
    """Open a connection as the proxy has it; what clients send comes with each request."""
    transport = httpx.ASGITransport(site.auth.app, client=(peer, 40_000))
    own = {} if secret is None else {"coatcheck-gateway": secret}
    return httpx.AsyncClient(transport=transport, base_url="http://10.9.9.9:8400", headers=own)


async def ask(site: Site, client: Mapping[str, str] | None = None, **request: str) -> httpx.Response:
    """Ask about a request; `client` holds the headers that its client sent."""
    async with proxy(site) as asking:
        return await asking.get("/verify", headers={**said(**request), **(client or {})})


def passed_on(answer: httpx.Response) -> dict[str, Any]:
    """Give the claims of the token that the proxy passes on."""
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    claims: dict[str, Any] = json.loads(decode_base64url(token_of(answer).split(".")[1]))
    return claims


def token_of(answer: httpx.Response) -> str:
    """Give the token that the proxy passes on."""
    scheme, _, token = answer.headers["authorization"].partition(" ")
    assert scheme == "Bearer"
    return str(token)


async def cookie_of(site: Site, email: str = "ann@example.org") -> dict[str, str]:
    """Make a person and give the header of their browser."""
    admitted = await site.let_in(await site.person(email, password=None))
    return {"cookie": f"a=1; {COOKIE}={admitted.secret.reveal()}"}


def bearer(token: str) -> dict[str, str]:
    """Give the header that presents a token."""
    return {"authorization": f"Bearer {token}"}
