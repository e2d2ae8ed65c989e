"""Attack 107: CVE-2026-9091, Casdoor: the second factor is asked for by the page alone, and a call signs in without it.

Here pages and calls come to one door, and the policy decides there. Neither the page nor the call, however the session
is to be presented, opens one by a password alone; nor does a cookie of trust that was made up, or is another's.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.mfa.trusted import trust
from tests.attacks.census import row_counts
from tests.site import PASSWORD, VISIT, Site, open_site, sign_in, submit

TRUSTED = "__Host-coatcheck-trusted"
WAYS = [
    {},
    {"present": "tokens"},
    {"present": "token_cookies"},
    {"remember_me": True},
    {"trust_device": True},
]


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that lets browsers be trusted, where Ann has an authenticator app."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"trust_devices_for": "30d"}) as site:
        made = await site.person()
        async with site.desk.database.writing() as tx:
            await accounts.set_factors(tx, made.id, {"totp"})
        yield site


async def opened(site: Site) -> int:
    return (await row_counts(site))["sessions"]


@pytest.mark.parametrize("more", WAYS)
async def test_by_a_call(guarded: Site, more: dict[str, object]) -> None:
    answer = await sign_in(guarded.browser(), "ann@example.org", PASSWORD, **more)
    assert answer.json()["status"] == "more_needed"
    assert "set-cookie" not in answer.headers
    assert sorted(answer.json()) == ["continuation", "expires_at", "options", "sign_in", "status"]
    assert await opened(guarded) == 0


async def test_by_a_call_in_steps(guarded: Site) -> None:
    browser = guarded.browser()
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    path, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    proven = await browser.post(path, json={**body, "password": PASSWORD})
    assert (proven.json()["status"], proven.json()["options"]) == ("more_needed", ["totp"])
    again = await browser.post(path, json={"continuation": proven.json()["continuation"], "password": PASSWORD})
    assert again.status_code == 422, "the same factor twice brings nobody further"
    assert await opened(guarded) == 0


async def test_by_the_page(guarded: Site) -> None:
    browser = guarded.browser()
    step = await submit(browser, "/sign-in", "/sign-in", identifier="ann@example.org", password=PASSWORD)
    assert step.headers["location"].startswith("/sign-in/code?sign_in=")
    assert (await browser.get("/account")).status_code == 303
    assert await opened(guarded) == 0


async def with_trust(site: Site, value: str) -> httpx.AsyncClient:
    browser = site.browser()
    browser.cookies.set(TRUSTED, value)
    return browser


async def test_by_a_trust_that_is_none(guarded: Site) -> None:
    ben = await guarded.person("ben@example.org", None)
    async with guarded.desk.database.writing() as tx:
        others = (await trust(tx, guarded.desk, VISIT, ben)).reveal()
    for value in ("true", "x" * 32, others, f"{others}; {TRUSTED}={others}"):
        answer = await sign_in(await with_trust(guarded, value), "ann@example.org", PASSWORD)
        assert answer.json()["status"] == "more_needed", value
    assert await opened(guarded) == 0
