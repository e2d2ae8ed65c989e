"""Links and forms of a stranger's site: a link lands signed in, a form is refused."""

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.browser.house import BEN, House
from tests.browser.steps import fill_sign_in, heading, sign_in, visitor


async def follow(page: Page, house: House, link: str) -> list[dict[str, str]]:
    """Follow a link of the stranger's page; give the headers of each page asked for on the way."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.is_navigation_request() else None)
    await page.goto(house.stranger)
    asked.clear()
    await page.locator(f"#{link}").click()
    await page.wait_for_load_state()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text("One moment")
    return [await request.all_headers() for request in asked]


async def test_a_link_to_a_protected_page_lands_there_signed_in(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    await sign_in(page, house, BEN)
    await expect(page.locator("#me")).to_have_text(BEN)
    first, second = await follow(page, house, "notes")
    assert first["sec-fetch-site"] == "cross-site"
    assert "coatcheck-session" not in first.get("cookie", ""), "the Strict cookie stays away"
    assert second["sec-fetch-site"] == "same-origin"
    assert "coatcheck-session" in second["cookie"]
    await expect(page).to_have_url(f"{house.url}/notes?more=kept")
    await expect(page.locator("#me")).to_have_text(BEN)
    await expect(page.locator("#more")).to_have_text("kept")


@pytest.mark.parametrize(("link", "lands"), [("account", "/auth/account"), ("sign-in", "/notes")])
async def test_links_to_our_own_pages(browser: Browser, house: House, link: str, lands: str) -> None:
    page = await visitor(browser)
    await sign_in(page, house, BEN)
    await expect(page.locator("#me")).to_have_text(BEN)
    await follow(page, house, link)
    await expect(page).to_have_url(f"{house.url}{lands}")


async def test_a_link_leads_a_stranger_to_sign_in_and_on(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    await follow(page, house, "notes")
    assert await heading(page) == "Sign in"
    await fill_sign_in(page, BEN)
    await expect(page).to_have_url(f"{house.url}/notes?more=kept")


@pytest.mark.parametrize(
    "action", ["/notes", "/auth/sign-out", "/auth/account/sessions/end-others", "/auth/api/sign-out"]
)
async def test_a_form_of_another_site_is_refused(browser: Browser, house: House, action: str) -> None:
    page = await visitor(browser, scripts=True)
    await sign_in(page, house, BEN)
    await expect(page.locator("#me")).to_have_text(BEN)
    async with page.expect_response(lambda response: response.url == f"{house.url}{action}") as sent:
        await page.goto(f"{house.stranger}/attack?action={action}")
    # The app's own route sees a request without the Strict cookie: nobody is signed in there.
    assert (await sent.value).status == (401 if action == "/notes" else 403)
    await page.goto(f"{house.url}/notes")
    await expect(page.locator("#me")).to_have_text(BEN)
    await expect(page.get_by_role("listitem")).to_have_count(0)
