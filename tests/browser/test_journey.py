"""The whole journey of a person in real Chromium, without JavaScript."""

from playwright.async_api import Browser, expect

from tests.browser.house import BEN, House
from tests.browser.steps import IPHONE, cookies_of, fill_sign_in, heading, open_mail, sign_in, visitor
from tests.site import FIREFOX, PASSWORD

ANN = "ann@example.org"
NEW_PASSWORD = "other words entirely now"


async def test_journey(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    # Sign up, from the app's own page.
    await page.goto(f"{house.url}/notes")
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Email").fill(ANN)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    assert await heading(page) == "Check your mail"
    # Confirm by the mail.
    await page.goto(await open_mail(page, house, "Confirm your email"))
    await page.get_by_role("button", name="Confirm email").click()
    assert await heading(page) == "Your account is ready"
    # Sign in.
    await page.get_by_role("link", name="Sign in").click()
    await fill_sign_in(page, ANN)
    await expect(page).to_have_url(f"{house.url}/notes")
    await expect(page.locator("#me")).to_have_text(ANN)
    # The app's own form works with the cookie.
    await page.get_by_label("Note").fill("buy milk")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("listitem")).to_have_text("buy milk")
    # See the profile.
    await page.goto(house.at("/account"))
    assert await heading(page) == "Your account"
    await expect(page.locator(".row-main", has_text=ANN)).to_be_visible()
    await expect(page.get_by_text("Chrome on Linux").first).to_be_visible()

    # Sign in from a second browser.
    second = await visitor(browser, user_agent=FIREFOX)
    await sign_in(second, house, ANN)
    await expect(second.locator("#me")).to_have_text(ANN)
    # See both sessions, with device names.
    await page.get_by_role("navigation").get_by_role("link", name="Sessions").click()
    rows = page.get_by_role("region", name="Sessions").get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(rows.filter(has_text="Chrome on Linux")).to_contain_text("This browser")
    other = rows.filter(has_text="Firefox on Linux")
    # End the other.
    await other.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("status")).to_have_text("That session was ended.")
    await expect(rows).to_have_count(1)
    # That browser is signed out on its next click, and the first one is not.
    await second.get_by_role("button", name="Add").click()
    await expect(second.locator("body")).to_contain_text("This session has ended. Sign in again.")
    await second.goto(f"{house.url}/notes")
    assert await heading(second) == "Sign in"
    assert "return_to=%2Fnotes" in second.url
    await page.goto(f"{house.url}/notes")
    await expect(page.locator("#me")).to_have_text(ANN)

    # Recovery by mail, in the second browser.
    await second.get_by_role("link", name="Forgot password?").click()
    await second.get_by_label("Email").fill(ANN)
    await second.get_by_role("button", name="Send the link").click()
    assert await heading(second) == "Check your mail"
    link = await open_mail(second, house, "password")
    await second.goto(link)
    await second.get_by_label("New password").fill(NEW_PASSWORD)
    await second.get_by_role("button", name="Save password").click()
    assert await heading(second) == "Your password is changed"
    await page.goto(f"{house.url}/notes")
    assert await heading(page) == "Sign in"
    await fill_sign_in(page, ANN)
    await expect(page.get_by_role("alert")).to_contain_text("do not match")
    await fill_sign_in(page, ANN, NEW_PASSWORD)
    await expect(page.locator("#me")).to_have_text(ANN)
    await second.goto(link)
    assert await heading(second) == "This link no longer works"


async def test_another_browser_is_asked_for_the_password(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    await page.goto(house.at("/sign-up"))
    await page.get_by_label("Email").fill(ANN)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    phone = await visitor(browser, user_agent=IPHONE)
    await phone.goto(await open_mail(phone, house, "Confirm your email"))
    await expect(phone.get_by_text("This is not the browser you signed up with.")).to_be_visible()
    await phone.get_by_label("Password").fill("not these words at all")
    await phone.get_by_role("button", name="Confirm email").click()
    await expect(phone.get_by_role("alert")).to_contain_text("This is not the password")
    await phone.get_by_label("Password").fill(PASSWORD)
    await phone.get_by_role("button", name="Confirm email").click()
    assert await heading(phone) == "Your account is ready"
    assert "coatcheck-session" not in await cookies_of(phone.context), "confirming opens no session"


async def test_keyboard_alone(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    await page.goto(f"{house.url}/notes")
    await expect(page.get_by_label("Email or username")).to_be_focused()
    await page.keyboard.type(BEN)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Keep me signed in")).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Forgot password?")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#me")).to_have_text(BEN)
    # The skip link comes first on a page with a navigation, and a drawer opens by key.
    await page.goto(house.at("/account"))
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("New email")).to_be_visible()


async def test_own_account(browser: Browser, house: House) -> None:
    page, other = await visitor(browser), await visitor(browser, user_agent=FIREFOX)
    await sign_in(page, house, BEN)
    await sign_in(other, house, "ben")
    # Change the password: the other browser is signed out, this one stays.
    await page.goto(house.at("/account"))
    await page.get_by_text("Change password").click()
    await page.get_by_label("Current password").fill("wrong words here today")
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_role("status")).to_contain_text("Your password was changed")
    await other.goto(f"{house.url}/notes")
    assert await heading(other) == "Sign in"
    # Change the address.
    await page.get_by_text("Change email").click()
    await page.get_by_label("New email").fill("benjamin@example.org")
    await page.get_by_label("Password", exact=True).first.fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Send the link").click()
    await expect(page.get_by_role("status")).to_contain_text("We sent a link")
    await page.goto(await open_mail(page, house, "Confirm your new email"))
    await page.get_by_role("button", name="Confirm email").click()
    assert await heading(page) == "Your email is changed"
    await sign_in(other, house, "benjamin@example.org", NEW_PASSWORD)
    await expect(other.locator("#me")).to_have_text("benjamin@example.org")
    # Close the account.
    await other.goto(house.at("/account"))
    await other.get_by_text("Close the account").click()
    await other.locator("#close_password").fill(NEW_PASSWORD)
    await other.get_by_role("button", name="Close my account").click()
    assert await heading(other) == "Your account is closed"
    await sign_in(other, house, "benjamin@example.org", NEW_PASSWORD)
    await expect(other.get_by_role("alert")).to_contain_text("do not match")


async def test_sign_out(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    await sign_in(page, house, BEN)
    await page.goto(house.at("/account"))
    await page.get_by_role("link", name="Sign out").click()
    await page.get_by_role("button", name="Sign out").click()
    assert await heading(page) == "You are signed out"
    assert "coatcheck-session" not in await cookies_of(page.context)
    await page.goto(f"{house.url}/notes")
    assert await heading(page) == "Sign in"
