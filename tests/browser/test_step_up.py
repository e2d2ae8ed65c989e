"""A step-up in the middle of a form, in real Chromium: nothing is lost, and nothing repeats itself."""

from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, expect

from coatcheck.clock import millis
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.authenticator import now
from tests.browser.house import BEN, CLEO, ROOT, House, notes_app
from tests.browser.steps import heading, sign_in, visitor
from tests.browser.test_pages import ADMIN_STEP_UP, STEP_UP, keep, pictures, press
from tests.site import PASSWORD
from tests.web.live import served

TEN_MINUTES = timedelta(minutes=10)


async def test_in_the_middle_of_a_form(browser: Browser, tmp_path: Path) -> None:
    # An app judges by the machine's own clock; Coatcheck's is ten minutes behind while Ben signs in.
    clock, shared = ManualClock(now() - millis(TEN_MINUTES)), list[dict[str, list[str]]]()
    with pictures(STEP_UP), served(lambda port: notes_app(port, tmp_path, clock=clock, shared=shared)) as port:
        house = House(f"http://localhost:{port}", "")
        page = await visitor(browser, scripts=True)
        await sign_in(page, house, BEN)
        await expect(page.locator("#me")).to_have_text(BEN)
        clock.advance(TEN_MINUTES)
        # What has a password in it is not kept, and that is said.
        await page.goto(f"{house.url}/share")
        await press(page, "Share by password")
        assert await heading(page) == "Confirm it is you first"
        await keep(page, "not-kept")
        link = page.get_by_role("link", name="Confirm it is you")
        assert await link.get_attribute("href") == "/auth/sign-in?confirm=1&return_to=%2Fshare"
        # The form is sent, and kept.
        await page.goto(f"{house.url}/share")
        await page.get_by_label("With").fill("ann@example.org <b>&\"'")
        await page.get_by_label("write").check()
        await page.get_by_label("Words").fill("two\nlines")
        await page.get_by_role("button", name="Share", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
        await keep(page, "confirm-first")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Confirm")
        # The page says what will happen, and nothing has.
        assert await heading(page) == "Go on where you were"
        assert shared == []
        await expect(page.locator(".kept")).to_contain_text("ann@example.org <b>&\"'")
        await expect(page.locator(".kept")).not_to_contain_text("5f2c")
        await keep(page, "go-on")
        going_on = page.url
        await press(page, "Send it now")
        assert await heading(page) == "Shared with ann@example.org <b>&\"'"
        assert page.url == f"{house.url}/share"
        sent = {"csrf_token": ["5f2c"], "with": ["ann@example.org <b>&\"'"], "may": ["read", "write"]}
        assert shared == [{**sent, "words": ["two\r\nlines"]}]
        # It works once.
        await page.goto(going_on)
        await keep(page, "form-gone")
        assert len(shared) == 1
        await page.goto(house.at("/account/ways-in/trusted"))
        await keep(page, "trusted-browsers")


async def test_what_an_administrator_was_about_to_do(browser: Browser, tmp_path: Path) -> None:
    """The proof has gone old on the page of a person; what its button does is shown again, and done once."""
    clock = ManualClock(now() - millis(TEN_MINUTES))
    with pictures(ADMIN_STEP_UP), served(lambda port: notes_app(port, tmp_path, clock=clock)) as port:
        house = House(f"http://localhost:{port}", "")
        page = await visitor(browser, scripts=True)
        await sign_in(page, house, ROOT)
        await page.goto(house.at("/admin?q=cleo"))
        await page.get_by_role("link", name=CLEO).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(CLEO)
        clock.advance(TEN_MINUTES)
        await press(page, "Remove all")
        assert await heading(page) == "Confirm it is you"
        await keep(page, "admin-confirm-first")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Confirm")
        assert await heading(page) == "Go on where you were"
        await keep(page, "admin-go-on")
        await press(page, "Send it now")
        await expect(page.get_by_role("status")).to_contain_text("The second factors were removed")
