"""What a person does in a browser, step by step."""

import re

from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.house import House
from tests.site import PASSWORD

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)


async def visitor(browser: Browser, *, user_agent: str = CHROME, scripts: bool = False) -> Page:
    """Open a browser of one's own, with its own cookies; without scripts unless they are asked for."""
    context = await browser.new_context(user_agent=user_agent, java_script_enabled=scripts)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    return page


async def sign_in(page: Page, house: House, email: str, password: str = PASSWORD) -> None:
    """Sign in on the page."""
    await page.goto(house.at("/sign-in"))
    await fill_sign_in(page, email, password)


async def fill_sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill the sign-in form that is open, and send it."""
    await page.get_by_label("Email or username").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def open_mail(page: Page, house: House, subject: str) -> str:
    """Open the newest mail with these words in its subject, in the mailbox of this machine; give its link."""
    await page.goto(house.at("/dev/mail"))
    await page.get_by_role("link", name=re.compile(subject)).first.click()
    link = page.get_by_label("Text of the mail").get_by_role("link").first
    return str(await link.get_attribute("href"))


async def heading(page: Page) -> str:
    """Give the page's one heading."""
    return (await page.get_by_role("heading", level=1).inner_text()).strip()


async def cookies_of(context: BrowserContext) -> dict[str, str]:
    """Give the cookies by name."""
    return {str(cookie.get("name")): str(cookie.get("value")) for cookie in await context.cookies()}
