"""An authenticator app in real Chromium, without JavaScript: its key read from the picture, its codes, backup codes."""

import io
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, expect

from coatcheck.clock import SystemClock
from coatcheck.mfa.totp import code_at, step_of
from tests.authenticators import key_in
from tests.browser.house import BEN, House
from tests.browser.steps import IPHONE, fill_sign_in, heading, open_mail, sign_in, visitor
from tests.browser.test_pages import FACTORS, keep, pictures, press


async def scanned(page: Page) -> str:
    """Read the QR code off the page as a camera does; give what it says."""
    picture = Image.open(io.BytesIO(await page.screenshot(full_page=True)))
    [read] = zxingcpp.read_barcodes(picture)
    return read.text


class Phone:
    """An app that scanned a key. It types no code twice, as a code counts once: it goes on to the next step's."""

    def __init__(self, url: str) -> None:
        self.key = key_in(parse_qs(urlsplit(url).query)["secret"][0])
        self._used = 0

    def code(self) -> str:
        """Give a code that was not typed yet; a step ahead is within the window."""
        self._used = max(step_of(SystemClock().now()) - 1, self._used + 1)
        return code_at(self.key, self._used)


async def set_up(page: Page, house: House) -> Phone:
    """Set an app up, up to its first code."""
    await page.goto(house.at("/account/ways-in"))
    await page.get_by_role("link", name="Set up an app").click()
    await page.get_by_role("button", name="Continue").click()
    return Phone(await scanned(page))


async def test_enrol_sign_in_and_a_backup_code(browser: Browser, house: House, tmp_path: Path) -> None:
    page = await visitor(browser)
    await sign_in(page, house, BEN)
    phone = await set_up(page, house)
    await page.get_by_label("Code").fill("000 000")
    await page.get_by_role("button", name="Finish").click()
    await expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Code").fill(phone.code())
    await page.get_by_role("button", name="Finish").click()
    assert await heading(page) == "Your backup codes"
    codes = await page.get_by_role("listitem").all_inner_texts()
    assert len(set(codes)) == 10
    # The file has the same codes, and whose they are.
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save as a file").click()
    saved = await saving.value
    assert saved.suggested_filename == "backup-codes.txt"
    await saved.save_as(tmp_path / "codes.txt")
    assert (tmp_path / "codes.txt").read_text("utf-8").split("\n")[2:12] == codes
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("10 of 10 left")).to_be_visible()
    assert "/recover" in await open_mail(page, house, "authenticator app was set up")

    # Another browser needs the code now; the keypad and the offer of the code are there.
    second = await visitor(browser)
    await second.goto(f"{house.url}/notes")
    await fill_sign_in(second, BEN)
    assert await heading(second) == "Enter your code"
    await expect(second.get_by_label("Code")).to_be_focused()
    await expect(second.get_by_label("Code")).to_have_attribute("inputmode", "numeric")
    await expect(second.get_by_label("Code")).to_have_attribute("autocomplete", "one-time-code")
    await second.get_by_label("Code").fill("000000")
    await second.keyboard.press("Enter")
    await expect(second.get_by_role("alert")).to_contain_text("That is not right")
    await second.get_by_label("Code").fill(phone.code())
    await second.keyboard.press("Enter")
    await expect(second).to_have_url(f"{house.url}/notes")

    # A third has no phone at hand.
    third = await visitor(browser)
    await third.goto(f"{house.url}/notes")
    await fill_sign_in(third, BEN)
    await third.get_by_role("link", name="a backup code").click()
    await third.get_by_label("Backup code").fill(codes[4].upper().replace("-", " "))
    await third.get_by_role("button", name="Continue").click()
    await expect(third.locator("#me")).to_have_text(BEN)
    await third.goto(house.at("/account/ways-in"))
    await expect(third.get_by_text("9 of 10 left")).to_be_visible()


async def test_pages_of_second_factors(browser: Browser, house: House) -> None:
    with pictures(FACTORS):
        page = await visitor(browser, scripts=True)
        await sign_in(page, house, BEN)
        await page.goto(house.at("/account/ways-in"))
        await keep(page, "ways-in")
        await page.goto(house.at("/account/ways-in/totp"))
        await keep(page, "set-up-totp")
        await press(page, "Continue")
        phone = Phone(await scanned(page))
        await keep(page, "set-up-totp-key")
        await page.get_by_label("Code").fill("000000")
        await press(page, "Finish")
        await keep(page, "set-up-totp-refused")
        await page.get_by_label("Code").fill(phone.code())
        await press(page, "Finish")
        await keep(page, "backup-codes")
        codes = await page.get_by_role("listitem").all_inner_texts()
        await page.goto(house.at("/account/ways-in"))
        await keep(page, "ways-in-app")
        second = await visitor(browser, scripts=True)
        await sign_in(second, house, BEN)
        await keep(second, "step-totp")
        await second.get_by_label("Code").fill("000000")
        await press(second, "Continue")
        await keep(second, "step-totp-refused")
        await second.get_by_role("link", name="a backup code").click()
        await keep(second, "step-backup-code")
        await second.get_by_role("link", name="a code of the authenticator app").click()
        await second.get_by_label("Code").fill(phone.code())
        await second.get_by_label("Trust this browser").check()
        await press(second, "Continue")
        third = await visitor(browser, user_agent=IPHONE)
        await sign_in(third, house, BEN)
        await third.get_by_role("link", name="a backup code").click()
        await third.get_by_label("Backup code").fill(codes[0])
        await third.get_by_label("Trust this browser").check()
        await press(third, "Continue")
        await second.goto(house.at("/account/ways-in/trusted"))
        await expect(second.get_by_text("Asked for two factors again in 30 days")).to_have_count(2)
        await keep(second, "trusted-browsers-filled")
        await second.goto(house.at("/account/ways-in"))
        await expect(second.get_by_role("button", name="End trust")).to_have_count(2)
        await keep(second, "ways-in-trusted")
        await second.goto(house.at("/account/ways-in/backup-codes"))
        await keep(second, "make-backup-codes")
        await second.goto(house.at("/account/ways-in/totp/remove"))
        await keep(second, "remove-totp")
        await press(second, "Remove it")
        await expect(second.get_by_role("status")).to_contain_text("was removed")
