"""Attack 92: CVE-2024-41657, Casdoor: CORS reflects any `Origin` with credentials, `null` included.

Then every site reads the answers that its visitor's cookies get. Here only origins that the owner named are answered,
and never with credentials: cookies serve one host.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.site import Site, open_site

OWN = "https://app.example.org"
STRANGERS = (
    "https://evil.example",
    "null",
    "https://auth.example.org.evil.example",
    "file://",
    "https://app.example.org.x",
)
ASKED = ("/api/session", "/api/sessions", "/api/openapi.json", "/sign-in", "/account", "/healthz", "/nothing-here")


@pytest.fixture
async def site_with_app(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, web={"origins": [OWN]}) as site:
        yield site


@pytest.fixture(params=["site", "site_with_app"])
def opened(request: pytest.FixtureRequest) -> Site:
    site: Site = request.getfixturevalue(request.param)
    return site


async def test_a_stranger_may_read_nothing(opened: Site) -> None:
    await opened.person()
    browser = await opened.signed_in()
    for origin in STRANGERS:
        for path in ASKED:
            answer = await browser.get(path, headers={"origin": origin, "sec-fetch-site": "cross-site"})
            assert "access-control-allow-origin" not in answer.headers, (origin, path)
            assert answer.headers["cross-origin-resource-policy"] == "same-origin", (origin, path)
        asks = {"origin": origin, "access-control-request-method": "POST"}
        preflight = await browser.options("/api/sign-in", headers=asks)
        assert "access-control-allow-origin" not in preflight.headers, origin


async def test_credentials_are_never_allowed(site_with_app: Site) -> None:
    await site_with_app.person()
    browser = await site_with_app.signed_in()
    asks = {"origin": OWN, "access-control-request-method": "POST"}
    answers = [await browser.get(path, headers={"origin": OWN}) for path in ASKED]
    for answer in [*answers, await browser.options("/api/sign-in", headers=asks)]:
        assert answer.headers["access-control-allow-origin"] == OWN
        assert "access-control-allow-credentials" not in answer.headers
        assert "origin" in answer.headers["vary"].lower(), "else a shared cache gives one app's answer to another"
