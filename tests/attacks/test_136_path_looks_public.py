"""Attack 136: CVE-2026-40575, oauth2-proxy: a header, fragment or query makes a protected path look public.

There the path that was judged came from a header that a client may send, or was cut differently than the service cuts
it, and matched a list of paths that need nobody. Here no path is public: each request is judged by who asks, whatever
its path. And method, host and path come from the proxy in one way that its configuration picks; what a client sends in
the other way, or twice, says nothing.
"""

import pytest

from tests.gateway.asking import NOTES_HOST, ask, cookie_of, passed_on, proxy, said
from tests.site import Site

PATHS = (
    "/public",
    "/healthz",
    "/static/x.css",
    "/favicon.ico",
    "/secret#/public",
    "/secret?x=/public",
    "/secret%23/public",
    "/public/../secret",
    "/public/..%2fsecret",
    "/public;/secret",
    "//public",
    "/.well-known/jwks.json",
    "/verify",
    "/sign-in",
)


@pytest.mark.parametrize("path", PATHS)
async def test_no_path_is_public(gateway: Site, path: str) -> None:
    assert (await ask(gateway, uri=path)).status_code == 401
    async with proxy(gateway) as envoy:
        own = {"host": NOTES_HOST, "x-forwarded-proto": "https"}
        assert (await envoy.get(f"/verify?uri={path.partition('#')[0]}", headers=own)).status_code == 401


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
async def test_no_method_is_public(gateway: Site, method: str) -> None:
    """A preflight that was let through without a credential would be one for whoever sends it by hand."""
    preflight = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    assert (await ask(gateway, preflight, method=method)).status_code == 401
    async with proxy(gateway) as envoy:
        own = {"host": NOTES_HOST, "x-forwarded-proto": "https", **preflight}
        assert (await envoy.request(method, "/verify?uri=/x", headers=own)).status_code == 401


async def test_a_header_of_the_client_is_not_the_path_or_the_method(gateway: Site) -> None:
    client = {**await cookie_of(gateway), "sec-fetch-site": "cross-site"}
    forged = {"x-forwarded-uri": "/public", "x-forwarded-method": "GET", "x-forwarded-host": "bills.example.org:8443"}
    async with proxy(gateway) as envoy:
        own = {"host": NOTES_HOST, "x-forwarded-proto": "https", **client, **forged}
        assert (await envoy.post("/verify?uri=/secret", headers=own)).status_code == 403
        assert passed_on(await envoy.get("/verify?uri=/secret", headers=own))["aud"] == "https://notes.example.org"


async def test_what_came_twice_is_neither(gateway: Site) -> None:
    client = await cookie_of(gateway)
    others = ("x-forwarded-uri", "/public"), ("x-forwarded-method", "GET"), ("x-forwarded-host", NOTES_HOST)
    async with proxy(gateway) as nginx:
        for name, other in others:
            twice = [*said("POST", uri="/secret").items(), *client.items(), (name, other)]
            assert (await nginx.get("/verify", headers=twice)).status_code == 403
