"""Attack 89: CVE-2021-21291, oauth2-proxy: the allowed `.example.com` lets `badexample.com` in.

Here other origins of the owner are named exactly, scheme and port too, and compared whole. A pattern is no setting.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.settings import WebSettings
from tests.site import PASSWORD, Site, open_site

OWN = "https://app.example.org"
LOOKALIKES = (
    "https://badapp.example.org",
    "https://evil-app.example.org",
    "https://app.example.org.evil.example",
    "https://app.example.orgevil",
    "https://app-example.org",
    "https://x.app.example.org",
    "http://app.example.org",
    "https://app.example.org:444",
    "https://app.example.org/",
    "https://app.example.org@evil.example",
    "https://APP.example.org",
    "null",
    "",
)
PATTERNS = ("https://*.example.org", ".example.org", "*", "null", "https://example.org/path", "app.example.org", "")


@pytest.fixture
async def site_with_app(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, web={"origins": [OWN]}) as site:
        yield site


async def test_a_lookalike_is_a_stranger(site_with_app: Site) -> None:
    await site_with_app.person()
    for origin in LOOKALIKES:
        browser = site_with_app.browser(headers={"sec-fetch-site": "cross-site", "origin": origin})
        answer = await browser.post("/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
        assert answer.status_code == 403, origin
        assert "access-control-allow-origin" not in answer.headers, origin


async def test_the_owners_app_is_let_through(site_with_app: Site) -> None:
    await site_with_app.person()
    browser = site_with_app.browser(headers={"sec-fetch-site": "same-site", "origin": OWN})
    answer = await browser.post("/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, OWN)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_no_setting(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"web\.origins"):
        WebSettings(origins=(pattern,))
