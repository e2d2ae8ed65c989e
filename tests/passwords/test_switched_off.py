"""`passwords.enabled = false` removes every password page and call."""

from pathlib import Path

import pytest

from tests.site import open_site

GONE = (
    ("GET", "/sign-up"), ("POST", "/sign-up"), ("GET", "/recover"), ("POST", "/recover"), ("POST", "/sign-in"),
    ("GET", "/recover/new-password"), ("GET", "/verify-email"), ("POST", "/account/password"),
    ("POST", "/api/sign-up"), ("POST", "/api/recover"), ("POST", "/api/recover/new-password"),
    ("POST", "/api/sign-in/sgn_x/password"), ("POST", "/api/account/password"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), GONE)
async def test_pages_and_calls_are_gone(tmp_path: Path, method: str, path: str) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        answer = await site.browser().request(method, path)
        assert answer.status_code in (404, 405), answer.text
        document = (await site.browser().get("/api/openapi.json")).json()
        assert path not in document["paths"]


async def test_sign_in_knows_no_passwords(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        await site.person()
        browser = site.browser()
        given = await browser.post("/api/sign-in", json={"identifier": "ann@example.org", "password": "x"})
        assert (given.status_code, given.json()["fields"]) == (422, {"password": "This site has no passwords."})
        begun = await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})
        assert begun.json()["options"] == []
        page = await browser.get("/sign-in")
        assert page.status_code == 200
        assert 'type="password"' not in page.text
