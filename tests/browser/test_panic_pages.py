"""A panic as people see it: the question, the receipt, the way back, and what an administrator sees of it."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from coatcheck.admin.people import resolve_account
from coatcheck.clock import SystemClock
from coatcheck.ending.receipts import records
from coatcheck.ending.receipts.look import receipt_of, receipts_of
from coatcheck.ending.receipts.receipt import PROVIDER
from coatcheck.revocation.acks import Acknowledged
from coatcheck.revocation.event import Position
from coatcheck.testing.clock import ManualClock
from tests.browser.house import BEN, ROOT, House, notes_app
from tests.browser.steps import fill_sign_in, open_mail, sign_in, visitor
from tests.browser.test_pages import OPEN_AGAIN, PANIC, keep, pictures, press
from tests.clients.machines import machine
from tests.faults.running import eventually
from tests.site import FIREFOX, Site, open_site
from tests.web.live import served

NEW = "entirely other words today"


async def test_pages_of_a_panic(browser: Browser, house: House, tmp_path: Path) -> None:
    with pictures(PANIC):
        page, admin = await visitor(browser, user_agent=FIREFOX, scripts=True), await visitor(browser, scripts=True)
        await sign_in(page, house, BEN)
        async with beside(tmp_path) as site:
            billing = await machine(site, "billing")
            await Acknowledged(site.desk).note(billing.id, Position("another era", 1), 100)
            await page.goto(house.at("/account"))
            await page.get_by_role("link", name="End everything").click()
            await keep(page, "panic")
            await press(page, "End everything now")
            await expect(page.get_by_role("heading", name="Everything was ended")).to_be_visible()
            receipt = await settled(site, BEN)
            await add_a_provider(site, receipt)
        await page.reload()
        await expect(page.get_by_text("Not confirmed")).to_be_visible()
        await keep(page, "panic-receipt")

        await sign_in(admin, house, ROOT)
        await admin.goto(house.at("/admin?q=ben"))
        await admin.get_by_role("link", name=BEN).click()
        await keep(admin, "admin-person-secured")
        await admin.get_by_role("link", name="Explain a sign-in").click()
        await keep(admin, "admin-explain-secured")
        await admin.go_back()
        await admin.get_by_role("link", name="End everything").click()
        await keep(admin, "admin-panic")
        await admin.go_back()
        await admin.get_by_role("link", name="Everything ended").first.click()
        await keep(admin, "admin-receipt")

        await come_back(page, house)
        await keep(page, "recovered-secured")
        await page.get_by_role("link", name="Sign in and look").click()
        await fill_sign_in(page, BEN, NEW)
        await expect(page.get_by_role("heading", name="Ways in")).to_be_visible()
        await page.goto(house.at("/account"))
        await keep(page, "account-receipts")


async def test_opening_an_account_again_without_passwords(browser: Browser, tmp_path: Path) -> None:
    codes, none = {"email_codes": True}, {"enabled": False}
    with (
        pictures(OPEN_AGAIN),
        served(lambda port: notes_app(port, tmp_path, sign_in=codes, passwords=none)) as port,
    ):
        house = House(f"http://localhost:{port}", "")
        page = await visitor(browser)
        await page.goto(house.at("/sign-in"))
        await page.get_by_label("Email or username").fill(BEN)
        await press(page, "Mail me a code")
        await page.goto(await open_mail(page, house, "Your code"))
        await press(page, "Sign in")
        await page.goto(house.at("/account/panic"))
        await press(page, "End everything now")
        await page.get_by_role("link", name="Open my account again").click()
        await keep(page, "open-again")
        await page.get_by_label("Email").fill(BEN)
        await press(page, "Send the link")
        await keep(page, "open-again-sent")
        link = await open_mail(page, house, "Open your account")
        await page.goto(link)
        await keep(page, "open-again-link")
        await press(page, "Open it again")
        await keep(page, "opened")
        await page.goto(link)
        await keep(page, "open-again-gone")


def beside(folder: Path) -> AbstractAsyncContextManager[Site]:
    """Open the database of the house beside it, by the time that it is."""
    return open_site(f"sqlite:///{folder / 'notes.db'}", folder, clock=ManualClock(SystemClock().now()))


async def settled(site: Site, email: str) -> str:
    """Wait until the house waits for nobody any more; give the receipt."""
    [receipt] = await receipts_of(site.desk, account=(await resolve_account(site.desk, email)).id)

    async def is_settled() -> bool:
        return (await receipt_of(site.desk, receipt.id)).settled_at is not None

    await eventually(is_settled, True)
    return receipt.id


async def add_a_provider(site: Site, receipt: str) -> None:
    """Let a provider wait to be called."""
    async with site.desk.database.writing() as tx:
        await records.add_line(tx, receipt, PROVIDER, name="gvb_1", title="github", count=None, bound_ms=86_400_000)


async def come_back(page: Page, house: House) -> None:
    """Recover by the mailbox."""
    await page.get_by_role("link", name="Choose a new password").click()
    await page.get_by_label("Email").fill(BEN)
    await press(page, "Send the link")
    await page.goto(await open_mail(page, house, "Choose a new password"))
    await page.get_by_label("New password").fill(NEW)
    await press(page, "Save password")
