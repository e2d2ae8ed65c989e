"""Attack 119: GHSA-x732-6j76-qmhm, better-auth: `//sign-in/email` reaches the handler, but not the limiter.

The limiter and the list of switched-off paths compare the path's text, the router forgives extra slashes. Here the
limits are spent in the flow itself, whatever led to it, routes match exactly, and what is switched off has no route.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.site import ORIGIN, PASSWORD, Site, open_site

SPELLINGS = (
    b"//api/sign-in", b"///api/sign-in", b"/api//sign-in", b"/api/sign-in/", b"/api/sign-in//", b"/./api/sign-in",
    b"/x/../api/sign-in", b"/%2Fapi/sign-in", b"/api%2Fsign-in", b"/API/SIGN-IN", b"/api/sign-in;a=b",
    b"/%61pi/sign-in", b"/api/sign-in%2F", b"/api/sign-in%00", b"/api/sign-in%20", b"/api/sign-in.json",
    b"/\\api\\sign-in", b"/api/sign%2din", b"/api/sign-in?x=//",
)  # fmt: skip
SIGN_UPS = (b"/api/sign-up", b"//api/sign-up", b"/sign-up", b"//sign-up", b"/sign-up/", b"/api/sign-up/")


@pytest.fixture
async def no_sign_up(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, site={"sign_up": False}) as site:
        yield site


def at(path: bytes) -> httpx.URL:
    """Address a path exactly as it is written: nothing is made tidy on the way."""
    path, _, query = path.partition(b"?")
    return httpx.URL(ORIGIN).copy_with(raw_path=path + (b"?" + query if query else b""))


async def test_every_spelling_is_counted_or_leads_nowhere(site: Site) -> None:
    await site.person()
    browser, judged = site.browser(), 0
    body = {"identifier": "ann@example.org", "password": "not the password at all"}
    for _ in range(4):
        for spelling in SPELLINGS:
            answer = await browser.post(at(spelling), json=body)
            assert answer.status_code in (401, 404, 405, 429), (spelling, answer.status_code)
            judged += answer.status_code == 401
    assert judged == 5
    assert (await browser.post("/api/sign-in", json={**body, "password": PASSWORD})).status_code == 429


async def test_what_is_switched_off_has_no_other_spelling(no_sign_up: Site) -> None:
    browser = no_sign_up.browser()
    for spelling in SIGN_UPS:
        answer = await browser.post(at(spelling), json={"email": "new@example.org", "password": PASSWORD})
        assert answer.status_code in (403, 404, 405), (spelling, answer.status_code)
    assert await no_sign_up.mails() == []


async def test_the_cross_site_check_does_not_go_by_the_path(site: Site) -> None:
    foreign = site.browser(headers={"sec-fetch-site": "cross-site"})
    for spelling in SPELLINGS:
        answer = await foreign.post(at(spelling), json={"identifier": "ann@example.org", "password": PASSWORD})
        assert answer.status_code == (404 if b"%00" in spelling else 403), spelling
