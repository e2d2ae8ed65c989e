"""`passwords.enabled = false` removes every password page and call."""

from pathlib import Path

import pytest

from coatcheck.admin.set_up import has_administrator, offer_set_up
from tests.cli.conftest import folder, fresh
from tests.cli.running import coatcheck, running
from tests.site import open_site

__all__ = ["folder", "fresh"]

GONE = (
    ("GET", "/sign-up"), ("POST", "/sign-up"), ("GET", "/recover"), ("POST", "/recover"), ("POST", "/sign-in"),
    ("GET", "/recover/new-password"), ("GET", "/verify-email"), ("POST", "/account/password"),
    ("POST", "/api/sign-up"), ("POST", "/api/recover"), ("POST", "/api/recover/new-password"),
    ("GET", "/admin/set-up?token=x"), ("POST", "/admin/set-up"),
    ("POST", "/api/sign-in/sgn_x/password"), ("POST", "/api/account/password"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), GONE)
async def test_pages_and_calls_are_gone(tmp_path: Path, method: str, path: str) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        answer = await site.browser().request(method, path)
        assert answer.status_code in (404, 405), answer.text
        assert 'type="password"' not in answer.text
        document = (await site.browser().get("/api/openapi.json")).json()
        assert path not in document["paths"]


async def test_no_link_makes_an_administrator_with_a_password(tmp_path: Path) -> None:
    """Nobody could sign in to the account that it made, and it used up the place of the first administrator."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        assert await offer_set_up(site.desk) is None
        assert not await has_administrator(site.desk)


OFF = {"COATCHECK_PASSWORDS__ENABLED": "false"}


def test_the_command_line_asks_for_none(folder: Path) -> None:
    refused = coatcheck("account", "create", "ann@example.org", "--password-stdin", folder=folder, environ=OFF)
    assert (refused.returncode, "passwords.enabled is false" in refused.stderr) == (2, True)
    made = coatcheck("account", "create", "ann@example.org", folder=folder, environ=OFF)
    assert (made.returncode, made.stderr) == (0, "")


def test_serve_names_the_way_without_a_link(folder: Path) -> None:
    with running(["-m", "coatcheck", "serve", "--port", "0"], folder, OFF) as server:
        said = server.until("/dev/mail")
    assert "set-up?token" not in said
    assert "coatcheck role grant admin EMAIL" in said


async def test_sign_in_knows_no_passwords(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        await site.person()
        browser = site.browser()
        given = await browser.post("/api/sign-in", json={"identifier": "ann@example.org", "password": "x"})
        assert (given.status_code, given.json()["fields"]) == (422, {"password": "This site has no passwords."})
        begun = await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})
        assert begun.json()["options"] == ["passkey"]
        page = await browser.get("/sign-in")
        assert page.status_code == 200
        assert 'type="password"' not in page.text
