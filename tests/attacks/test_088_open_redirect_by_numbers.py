"""Attack 88: CVE-2017-7233, CVE-2014-3730 and CVE-2013-6044, Django: the check of a redirect is fooled.

By numeric hosts, triple slashes and the `javascript:` scheme. Here those never come out of `return_to`; and the two
other places that send a browser to where it came from, the hop and the page guard of an app that Coatcheck is mounted
into, take the path they were asked for through the same check: an app with a catch-all route is asked for
`//evil.example` and must not send anybody there.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from coatcheck.http.return_to import parse_return_to
from coatcheck.integrations.fastapi import CurrentUser
from tests.attacks.where import stays_here
from tests.site import ORIGIN, Site, open_site

ASTRAY = (
    "//evil.example",
    "//evil.example/notes",
    "///evil.example",
    "//2130706433/x",
    "/%2Fevil.example/",
    "/%5Cevil.io",
)
NUMBERS = ("//2130706433/", "///2130706433", "http://0x7f000001/", "javascript:alert(1)", "http:///evil.io", "//0177.1")


@pytest.fixture
async def app_site(tmp_path: Path) -> AsyncIterator[Site]:
    url = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=url) as site:
        yield site


def browser_of(site: Site, **headers: str) -> httpx.AsyncClient:
    """Open a browser at an app that has one route for every path and wants somebody signed in on it."""
    app = FastAPI()
    site.auth.mount(app, "/auth")

    @app.get("/{anything:path}")
    async def notes(me: CurrentUser, anything: str) -> str:
        return anything

    own = {"accept": "text/html", "sec-fetch-mode": "navigate", **headers}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN, headers=own)


@pytest.mark.parametrize("raw", NUMBERS)
def test_numbers_and_schemes_are_no_path(raw: str) -> None:
    assert parse_return_to(raw) is None


@pytest.mark.parametrize("path", ASTRAY)
async def test_the_hop_stays_here(app_site: Site, path: str) -> None:
    browser = browser_of(app_site, **{"sec-fetch-site": "cross-site"})
    answer = await browser.get(httpx.URL(ORIGIN).copy_with(raw_path=path.encode()))
    if answer.status_code == 200:
        place = answer.text.split("url=", 1)[1].split('"')[0]
        assert stays_here(place), place
    else:
        assert stays_here(answer.headers["location"])


async def test_the_hop_leads_to_a_page_of_the_app(app_site: Site) -> None:
    answer = await browser_of(app_site, **{"sec-fetch-site": "cross-site"}).get("/notes/7?tag=a")
    assert answer.status_code == 200
    assert 'content="0; url=/notes/7?tag=a"' in answer.text


@pytest.mark.parametrize("path", ASTRAY)
async def test_the_page_guard_stays_here(app_site: Site, path: str) -> None:
    browser = browser_of(app_site, **{"sec-fetch-site": "same-origin"})
    answer = await browser.get(httpx.URL(ORIGIN).copy_with(raw_path=path.encode()))
    assert answer.status_code == 303
    onward = urlsplit(answer.headers["location"])
    assert onward.path == "/auth/sign-in"
    assert stays_here(parse_qs(onward.query)["return_to"][0])


async def test_two_session_cookies_on_a_page_are_no_error_of_ours(app_site: Site) -> None:
    planted = "__Host-coatcheck=a; __Host-coatcheck=b"
    for site in ("cross-site", "same-origin"):
        answer = await browser_of(app_site, **{"sec-fetch-site": site, "cookie": planted}).get("/notes")
        assert answer.status_code == 303
