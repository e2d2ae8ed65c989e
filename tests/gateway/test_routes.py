"""`/verify` over HTTP: the few answers that proxies understand, and what they may make of each."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from tests.gateway.asking import COOKIE, NOTES_HOST, OWN_HOST, SETTINGS, ask, bearer, cookie_of, passed_on, proxy, said
from tests.servers.postgres import Postgres
from tests.site import ORIGIN, Site, open_site

PAGE = {"accept": "text/html,*/*;q=0.8"}


async def redirected(site: Site, client: dict[str, str] | None = None, **request: str) -> httpx.Response:
    async with proxy(site) as asking:
        headers = {**said(**request), **PAGE, **(client or {})}
        return await asking.get("/verify?pages=redirect", headers=headers)


async def test_envoy_asks_by_the_request_itself(site: Site) -> None:
    client = {**await cookie_of(site), "host": NOTES_HOST, "x-forwarded-proto": "https"}
    async with proxy(site) as asking:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            assert (await asking.request(method, "/verify?uri=/x?y=1", headers=client)).status_code == 200
        cross = {**client, "sec-fetch-site": "cross-site"}
        assert (await asking.post("/verify?uri=/x", headers=cross)).status_code == 403
        forged = {**cross, "x-forwarded-method": "GET"}
        assert (await asking.post("/verify?uri=/x", headers=forged)).status_code == 403


@pytest.mark.parametrize("path", ["/verify/", "/verify/x", "/verify/%2e%2e/api/session", "//verify", "/verify*"])
async def test_there_is_no_path_below_it(site: Site, path: str) -> None:
    """A client's path put behind ours could leave it again, at a hop that resolves dots: any 200 there lets it in."""
    async with proxy(site) as asking:
        answer = await asking.get(path, headers={**said(), **await cookie_of(site), "host": OWN_HOST})
    assert answer.status_code in (303, 404)
    assert "authorization" not in answer.headers


async def test_nobody_is_401(site: Site) -> None:
    answer = await ask(site)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (401, "not_signed_in", 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="coatcheck", DPoP algs="ES256 EdDSA RS256 PS256"'
    assert "location" not in answer.headers, "no page was asked for"


@pytest.mark.parametrize("uri", ["/x?y=1&z=/2", "/", "/a%20b", "/x?uri=/y"])
async def test_a_page_of_our_own_host_is_led_to_sign_in_and_back(site: Site, uri: str) -> None:
    answer = await redirected(site, host=OWN_HOST, uri=uri)
    assert answer.status_code == 302
    there = urlsplit(answer.headers["location"])
    assert (f"{there.scheme}://{there.netloc}", there.path) == (ORIGIN, "/sign-in")
    assert parse_qs(there.query)["return_to"] == [uri]


async def test_nginx_makes_the_redirect_itself(site: Site) -> None:
    answer = await ask(site, PAGE, host=OWN_HOST)
    assert answer.status_code == 401
    assert answer.headers["location"].startswith(f"{ORIGIN}/sign-in?return_to=")


async def test_a_page_whose_token_ran_out_is_led_to_renew_it(site: Site) -> None:
    answer = await ask(site, {**PAGE, "cookie": "__Host-coatcheck-access=a.b.c"}, host=OWN_HOST)
    assert answer.headers["location"].startswith(f"{ORIGIN}/token/renew?return_to=")


async def test_nobody_else_is_led_anywhere(site: Site) -> None:
    """Cookies serve one host: whoever signs in there is still unknown on another."""
    for host, method, uri in ((NOTES_HOST, "GET", "/"), (OWN_HOST, "POST", "/"), (OWN_HOST, "GET", "//evil.example")):
        answer = await redirected(site, host=host, method=method, uri=uri)
        assert (answer.status_code, "location" in answer.headers) == (401, False), (host, method, uri)
    for client in ({"accept": "application/json"}, {"sec-websocket-key": "x"}):
        answer = await redirected(site, client, host=OWN_HOST)
        assert (answer.status_code, "location" in answer.headers) == (401, False)
    cross = {**await cookie_of(site), "sec-fetch-site": "cross-site"}
    assert (await redirected(site, cross, host=OWN_HOST, method="POST")).status_code == 403


async def test_an_answer_is_kept_by_nobody(site: Site) -> None:
    for answer in (await ask(site), await ask(site, await cookie_of(site))):
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


async def test_why_it_refuses_is_in_the_log(site: Site) -> None:
    with capture_logs() as logs:
        await ask(site, bearer("a.b.c"))
        await ask(site, host="other.example.org")
    refused = [line["because"] for line in logs if line["event"] == "request.refused"]
    assert len(refused) == 2
    assert "gateway.hosts" in refused[1]


@pytest.mark.postgres
async def test_while_the_database_is_away(postgres: Postgres, postgres_url: str, tmp_path: Path) -> None:
    """What is in memory lets in for the bound; then it is 403 with the time to try again, never 401: nobody is out."""
    async with open_site(postgres_url, tmp_path, **SETTINGS) as site:
        client = await cookie_of(site)
        for _ in range(2):
            assert passed_on(await ask(site, client))["aud"]
        postgres.stop()
        try:
            assert (await ask(site, client)).status_code == 200
            site.clock.advance(timedelta(seconds=2))
            with capture_logs() as logs:
                answer = await ask(site, client)
            unknown = await ask(site, {"cookie": f"{COOKIE}=x"})
        finally:
            postgres.start()
        for each in (answer, unknown):
            assert (each.status_code, each.json()["code"], each.json()["status"]) == (403, "unavailable", 403)
            assert int(each.headers["retry-after"]) >= 1
            assert "authorization" not in each.headers
        assert [line["event"] for line in logs if line["log_level"] == "error"][:1] == ["request.failed"]
        assert (await ask(site, client)).status_code == 200
