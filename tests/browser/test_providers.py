"""Signing in with others in real Chromium, without JavaScript: each real server is another site, as providers are.

On the way back the browser sends us none of our Strict cookies; the hop brings them along.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.browser.elsewhere import (
    ADA,
    OAUTH_SERVER,
    OPENID_SERVER,
    SAML_SERVER,
    Elsewhere,
    Start,
    beside,
    oauth,
    openid,
    saml,
)
from tests.browser.house import House
from tests.browser.steps import cookies_of, heading, visitor
from tests.browser.test_second_factor import set_up
from tests.servers.programs import Program

WAY_BACK = re.compile(r"/login/\w+/callback|/saml/\w+/acs")


@pytest.fixture(params=["openid", "oauth", "saml"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[House, Elsewhere]]:
    """Serve the app and one of the three."""
    servers: dict[str, tuple[str, object, Elsewhere]] = {
        "openid": ("node_servers", openid, OPENID_SERVER),
        "oauth": ("node_servers", oauth, OAUTH_SERVER),
        "saml": ("saml_program", saml, SAML_SERVER),
    }
    program, start_of, elsewhere = servers[request.param]
    start: Start = start_of(request.getfixturevalue(program))  # type: ignore[operator]
    with beside(tmp_path, start) as house:
        yield house, elsewhere


async def arrive(page: Page, house: House, elsewhere: Elsewhere) -> None:
    await elsewhere.leave(page, house)
    await elsewhere.sign_in(page)


async def test_there_and_back_and_with_a_second_factor(browser: Browser, two: tuple[House, Elsewhere]) -> None:
    house, elsewhere = two
    page = await visitor(browser)
    answers: list[Request] = []
    page.on("request", lambda request: answers.append(request) if WAY_BACK.search(request.url) else None)
    # Somebody new gets an account, and goes on where they were.
    await arrive(page, house, elsewhere)
    await expect(page).to_have_url(f"{house.url}/notes")
    await expect(page.locator("#me")).to_have_text(ADA)
    [answer] = answers
    came = await answer.all_headers()
    assert (answer.method, came["sec-fetch-site"]) == ("POST" if elsewhere.posts else "GET", "cross-site")
    assert "coatcheck" not in came.get("cookie", ""), "the Strict cookies stay away"
    # They set up an app; the next sign-in is at the provider, and then asks for the code here.
    phone = await set_up(page, house)
    await page.get_by_label("Code").fill(phone.code())
    await page.get_by_role("button", name="Finish").click()
    assert await heading(page) == "Your backup codes"
    second = await visitor(browser)
    await arrive(second, house, elsewhere)
    await expect(second.get_by_role("heading", level=1)).to_have_text("Enter your code")
    assert "coatcheck-session" not in await cookies_of(second.context), "the provider's word alone lets nobody in"
    await second.get_by_label("Code").fill("000000")
    await second.get_by_role("button", name="Continue").click()
    await expect(second.get_by_role("alert")).to_contain_text("That is not right")
    await second.get_by_label("Code").fill(phone.code())
    await second.get_by_role("button", name="Continue").click()
    await expect(second).to_have_url(f"{house.url}/notes")
    await expect(second.locator("#me")).to_have_text(ADA)


async def test_who_changes_their_mind_there_may_try_again(
    browser: Browser, node_servers: Program, tmp_path: Path
) -> None:
    with beside(tmp_path, openid(node_servers)) as house:
        page = await visitor(browser)
        await OPENID_SERVER.leave(page, house)
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("That did not work with Work")
        await expect(page.get_by_text("refused_there")).to_be_visible()
        await page.get_by_role("link", name="Go to sign-in").click()
        assert await heading(page) == "Sign in"
