"""The headers that every answer carries, and the cookies' exact attributes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.bad_input.raw import ask
from tests.site import PASSWORD, Site, open_site, sign_in, submit

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
WITH_PASSKEYS = f"{ALWAYS['content-security-policy']}; script-src 'self'; connect-src 'self'"
OUR_SCRIPT = re.compile(r'<script type="module" src="/static/passkeys\.[0-9a-f]{12}\.js"></script>')
HSTS = "max-age=63072000; includeSubDomains"
PAGES = [
    "/",
    "/sign-in",
    "/sign-up",
    "/recover",
    "/sign-out",
    "/account",
    "/admin",
    "/verify-email?token=x",
    "/nowhere",
]
CALLS = ["/api/session", "/api/sessions", "/api/openapi.json", "/api/nowhere", "/healthz", "/metrics"]


@pytest.fixture
async def local_site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on this machine's plain HTTP."""
    server = {"public_url": "http://localhost:8400"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=server) as opened:
        yield opened


def on_this_machine(site: Site) -> httpx.AsyncClient:
    """Open a browser on this machine."""
    transport = httpx.ASGITransport(site.auth.app, client=("127.0.0.1", 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8400")


def check_headers(answer: httpx.Response, *, hsts: bool) -> None:
    """Check what every answer carries, once each."""
    takes_passkeys = answer.url.path == "/sign-in" and answer.status_code == 200
    expected = {**ALWAYS, "content-security-policy": WITH_PASSKEYS} if takes_passkeys else ALWAYS
    for name, value in expected.items():
        assert answer.headers.get_list(name) == [value], (name, answer.url)
    assert answer.headers.get("strict-transport-security") == (HSTS if hsts else None)
    assert answer.headers["cache-control"] == "no-store", answer.url
    assert answer.headers["x-request-id"].startswith("req_")
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


async def test_every_answer_carries_them(site: Site) -> None:
    await site.person()
    for browser in (site.browser(), await site.signed_in()):
        for path in PAGES + CALLS:
            check_headers(await browser.get(path), hsts=True)
            check_headers(await browser.head(path), hsts=True)
        check_headers(await browser.options("/api/session"), hsts=True)
        check_headers(await browser.post("/sign-in", data={"identifier": "x"}), hsts=True)
        check_headers(await sign_in(browser, "nobody@example.org", "x"), hsts=True)
        check_headers(await browser.post("/api/sign-in", content=b"{"), hsts=True)
    check_headers(await site.browser().get("/sign-in", headers={"host": "evil.example"}), hsts=True)


async def test_no_hsts_on_plain_http(local_site: Site) -> None:
    for path in [*PAGES, *CALLS[:-2]]:
        check_headers(await on_this_machine(local_site).get(path), hsts=False)


async def test_files_of_the_look_are_cached_for_ever(site: Site) -> None:
    page = (await site.browser().get("/sign-in")).text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = await site.browser().get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_pages_have_nothing_inline(site: Site) -> None:
    await site.person()
    for browser in (site.browser(), await site.signed_in()):
        for path in PAGES:
            text = OUR_SCRIPT.sub("", (await browser.get(path)).text)
            for forbidden in ("<script", "<style", " style=", " onclick=", "javascript:", "http://", "//fonts"):
                assert forbidden not in text, (path, forbidden)


async def test_cookies_on_https(site: Site) -> None:
    await site.person()
    browser = site.browser()
    named = (await browser.get("/sign-in")).headers.get_list("set-cookie")
    value = browser.cookies["__Host-coatcheck-browser"]
    assert named == [f"__Host-coatcheck-browser={value}; Max-Age=34560000; Path=/; HttpOnly; SameSite=Strict; Secure"]
    session, known = (await sign_in(browser, "ann@example.org", PASSWORD)).headers.get_list("set-cookie")
    secret = browser.cookies["__Host-coatcheck"]
    assert session == f"__Host-coatcheck={secret}; Path=/; HttpOnly; SameSite=Strict; Secure"
    value = browser.cookies["__Host-coatcheck-known"]
    assert known == f"__Host-coatcheck-known={value}; Max-Age=15552000; Path=/; HttpOnly; SameSite=Strict; Secure"
    (gone,) = (await browser.post("/api/sign-out")).headers.get_list("set-cookie")
    assert gone == "__Host-coatcheck=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"


async def test_remember_me_outlives_the_browser(site: Site) -> None:
    await site.person()
    answer = await sign_in(site.browser(), "ann@example.org", PASSWORD, remember_me=True)
    assert "; Max-Age=7776000; " in answer.headers.get_list("set-cookie")[0], "90 days"


async def test_cookies_on_this_machine(local_site: Site) -> None:
    await local_site.person()
    browser = on_this_machine(local_site)
    await browser.get("/sign-in")
    answer = await sign_in(browser, "ann@example.org", PASSWORD)
    assert set(browser.cookies) == {"coatcheck-session", "coatcheck-browser", "coatcheck-known"}
    secret = browser.cookies["coatcheck-session"]
    assert answer.headers.get_list("set-cookie")[0] == f"coatcheck-session={secret}; Path=/; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize("name", [b"coatcheck-session", b"coatcheck", b"__Secure-coatcheck", b"__host-coatcheck"])
async def test_https_reads_no_cookie_of_another_name(site: Site, name: bytes) -> None:
    await site.person()
    secret = (await site.signed_in()).cookies["__Host-coatcheck"].encode()
    answer = await ask(site.auth.app, "GET", "/api/session", headers=[(b"cookie", name + b"=" + secret)])
    assert answer.code == "not_signed_in"


async def test_every_secret_is_new(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    before = dict(browser.cookies)
    await submit(browser, "/sign-out", "/sign-out")
    await sign_in(browser, "ann@example.org", PASSWORD)
    assert browser.cookies["__Host-coatcheck"] != before["__Host-coatcheck"]


async def test_head_is_get_without_what_it_shows(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    for path in ("/account", "/api/session", "/api/sessions", "/sign-out", "/healthz", "/api/openapi.json"):
        assert (await browser.head(path)).status_code == 200, path
    for path in ("/account", "/admin"):
        answer = await site.browser().head(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?return_to=%2F{path[1:]}")
