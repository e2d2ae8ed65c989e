"""Passkeys in real Chromium, with its virtual authenticator: added, then used by a name, by none, and by autofill."""

import re
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, expect

from tests.browser.house import BEN, House
from tests.browser.steps import fill_sign_in, heading, sign_in, visitor

NO_AUTOFILL = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"


async def plug_in(page: Page, **more: Any) -> tuple[CDPSession, str]:
    """Give a page's browser an authenticator; it says yes to everything."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **more,
    }
    added = await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices, str(added["authenticatorId"])


async def add_passkey(page: Page, house: House) -> None:
    """Add the first passkey on the ways-in page, and keep the backup codes that come with it."""
    await page.goto(house.at("/account/ways-in"))
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was added")
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("10 of 10 left")).to_be_visible()


async def with_passkey(browser: Browser, house: House) -> tuple[Page, CDPSession, str]:
    """Open a browser with an authenticator, and sign Ben in there with a passkey of his own added."""
    page = await visitor(browser, scripts=True)
    devices, authenticator = await plug_in(page)
    await sign_in(page, house, BEN)
    await add_passkey(page, house)
    return page, devices, authenticator


async def sign_out(page: Page, house: House) -> None:
    """Sign out, and forget nothing of the browser."""
    await page.goto(house.at("/sign-out"))
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


async def test_added_and_used_with_a_name_and_without(browser: Browser, house: House) -> None:
    page, devices, authenticator = await with_passkey(browser, house)
    [key] = (await devices.send("WebAuthn.getCredentials", {"authenticatorId": authenticator}))["credentials"]
    assert (key["rpId"], key["isResidentCredential"]) == ("localhost", True)

    await page.add_init_script(NO_AUTOFILL)
    for name in (BEN, ""):
        await sign_out(page, house)
        await page.goto(f"{house.at('/sign-in')}?return_to=%2Fnotes")
        await page.get_by_label("Email or username").fill(name)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page).to_have_url(f"{house.url}/notes")
        await expect(page.locator("#me")).to_have_text(BEN)
    await page.goto(house.at("/account/ways-in"))
    await expect(page.get_by_role("link", name="Chrome on Linux")).to_contain_text("used")


async def test_whoever_must_confirm_first_is_led_there_and_back(browser: Browser, house: House) -> None:
    """The script asks for the key, so no page of ours could lead on: a session whose level is too low by now."""
    page, _, _ = await with_passkey(browser, house)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    await page.get_by_role("button", name="Confirm with a passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("Now add your passkey")


async def test_by_autofill(browser: Browser, house: House) -> None:
    """The sign-in page asks for it by itself: the device offers the key in the name's field, nothing is pressed."""
    page, _, _ = await with_passkey(browser, house)
    await sign_out(page, house)
    async with page.expect_response(re.compile("/sign-in/passkey/start$")) as asked:
        await page.goto(f"{house.at('/sign-in')}?return_to=%2Fnotes")
    assert (await asked.value).status == 200
    await expect(page).to_have_url(f"{house.url}/notes")
    await expect(page.locator("#me")).to_have_text(BEN)


async def test_a_device_is_told_that_its_key_is_gone(browser: Browser, house: House) -> None:
    page, devices, authenticator = await with_passkey(browser, house)
    held = {"authenticatorId": authenticator}
    assert len((await devices.send("WebAuthn.getCredentials", held))["credentials"]) == 1
    await page.get_by_role("link", name="Chrome on Linux").click()
    await page.get_by_role("button", name="Confirm with a passkey").click()
    await page.get_by_role("button", name="Remove this passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was removed")
    for _ in range(100):
        left = (await devices.send("WebAuthn.getCredentials", held))["credentials"]
        if not left:
            break
        await page.evaluate("() => new Promise(requestAnimationFrame)")
    assert left == []


async def test_as_the_second_factor(browser: Browser, house: House) -> None:
    page, devices, authenticator = await with_passkey(browser, house)
    await sign_out(page, house)
    quiet = {"authenticatorId": authenticator, "enabled": False}  # so that autofill does not come before the password
    await devices.send("WebAuthn.setAutomaticPresenceSimulation", quiet)
    await page.goto(f"{house.at('/sign-in')}?return_to=%2Fnotes")
    await fill_sign_in(page, BEN)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Use your passkey")
    await devices.send("WebAuthn.setAutomaticPresenceSimulation", {**quiet, "enabled": True})
    await page.get_by_label("Trust this browser").check()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.locator("#me")).to_have_text(BEN)
    await page.goto(house.at("/account/ways-in/trusted"))
    await expect(page.get_by_role("button", name="End trust")).to_be_visible()


async def test_named_and_removed(browser: Browser, house: House) -> None:
    page, _, _ = await with_passkey(browser, house)
    await page.get_by_role("link", name="Chrome on Linux").click()
    # The session was proven by the password alone, and now there is a second factor: it is asked for, then shown.
    assert await heading(page) == "Confirm it is you"
    await page.get_by_role("button", name="Confirm with a passkey").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Chrome on Linux")
    await page.get_by_label("What you call it").fill("The blue one")
    await page.get_by_role("button", name="Save name").click()
    await page.get_by_role("link", name="The blue one").click()
    await page.get_by_role("button", name="Remove this passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was removed")
    await expect(page.get_by_text("None yet.")).to_be_visible()


async def test_without_scripts_there_is_no_button(browser: Browser, house: House) -> None:
    page = await visitor(browser)
    await page.goto(house.at("/sign-in"))
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    await sign_in(page, house, BEN)
    await page.goto(house.at("/account/ways-in"))
    await expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    await expect(page.get_by_text("in a browser that has them and runs scripts")).to_be_visible()


async def test_what_went_wrong_is_said_in_words(browser: Browser, house: House) -> None:
    page = await visitor(browser, scripts=True)
    await plug_in(page, isUserVerified=False)
    await page.goto(house.at("/sign-in"))
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert")).to_have_text("No passkey was used. Try again when you are ready.")
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()
