"""Every page: usable by keyboard and screen reader, and kept as pictures, light and dark, on a phone and a desktop."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import update

from coatcheck.clock import SystemClock
from coatcheck.recovery.notices import tell_owner
from coatcheck.storage.tables.mfa import factor_recoveries as waits
from coatcheck.testing.clock import ManualClock
from tests.browser.house import BEN, CLEO, ROOT, House, notes_app
from tests.browser.steps import IPHONE, fill_sign_in, heading, open_mail, sign_in, visitor
from tests.browser.test_passkeys import NO_AUTOFILL, add_passkey, plug_in, sign_out
from tests.site import FIREFOX, PASSWORD, open_site
from tests.web.live import served

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
KEPT = os.environ.get("PICTURES") == "1"
"""Whether pictures are kept: they take a minute, and nobody looks at them after each run."""

_looked_at: set[str] = set()
SCREENS = {"phone": (390, 844), "desktop": (1280, 800)}
COLORS: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
CHECKS = (Path(__file__).parent / "access.js").read_text("utf-8")
ANN = "ann@example.org"

# The pages that have pictures, by the test that makes them.
EVERYBODY = """
sign-in sign-up recover signed-out nowhere sign-in-refused sign-up-refused sign-up-sent dev-mail dev-mails
verify-email-elsewhere verify-email verified verify-email-gone recover-sent new-password new-password-refused
recovered link-gone set-up-gone hop
"""
OWN = """
account account-sessions sign-out sign-in-again account-drawers account-refused account-told confirm-email
email-confirmed closed
"""
LOST = """
step lost-factors lost-factors-sent begin-wait wait-begun begin-gone call-off called-off
nothing-waits remove-lost remove-lost-refused factors-removed
"""
CONSOLE = """
admin-people admin-person admin-person-factors admin-person-locked admin-audit admin-audit-empty
admin-person-roles admin-access admin-access-refused admin-access-allowed admin-access-denied
admin-nobody admin-explain admin-explain-half admin-explain-enough admin-audit-more-needed admin-not-for-you
"""
API_KEYS = "api-keys-none api-key-new api-key-refused api-key-made api-keys admin-person-keys"
SET_UP = "set-up"
BY_MAIL = """
sign-in-by-mail-too sign-in-by-mail-refused sign-in-code sign-in-code-refused sign-in-code-mail mailed-elsewhere mailed
mailed-gone sign-in-again-by-mail sign-in-code-told
"""
BY_MAIL_ALONE = "sign-in-by-mail-alone"
FACTORS = """
ways-in ways-in-app set-up-totp set-up-totp-key set-up-totp-refused backup-codes make-backup-codes step-totp
step-totp-refused step-backup-code remove-totp
trusted-browsers-filled ways-in-trusted
"""
PASSKEYS = "ways-in-passkeys ways-in-listed passkey step-passkey sign-in-again-passkey sign-in-passkey-refused"
STEP_UP = "confirm-first go-on form-gone not-kept trusted-browsers"
ADMIN_STEP_UP = "admin-confirm-first admin-go-on"
FEW_PROVIDERS = """
sign-in-providers-one sign-in-providers-three sign-in-providers-eight sign-in-providers-alone
sign-in-providers-and-passkeys
"""
COMPANY = "sign-in-organisation sign-in-organisation-refused sign-in-organisation-alone"
PROVIDERS = """
provider-asked-first provider-failed provider-failed-within sign-in-again-provider step-provider-refused
ways-in-provider-stays step-linking-provider step-linking ways-in-providers
"""
ADVISOR = "advisor advisor-refused advisor-advice advisor-guide"
FACTOR_PAGES = (FACTORS, BY_MAIL, BY_MAIL_ALONE, PASSKEYS, STEP_UP, ADMIN_STEP_UP, FEW_PROVIDERS, COMPANY, PROVIDERS)
PANIC = """
panic panic-receipt recovered-secured account-receipts
admin-panic admin-receipt admin-person-secured admin-explain-secured
"""
OPEN_AGAIN = "open-again open-again-sent open-again-link opened open-again-gone"
NAMES = " ".join((PANIC, OPEN_AGAIN, EVERYBODY, OWN, LOST, CONSOLE, API_KEYS, SET_UP, ADVISOR, *FACTOR_PAGES))
SMALLEST = 2_000  # bytes; a picture of nothing has fewer

# Radio buttons of one choice are one stop, at the one that is chosen; arrows go on from there.
COUNT = """() => {
  document.activeElement.blur();
  const fields = "input:not([type=hidden],[type=radio]:not(:checked))";
  const controls = document.querySelectorAll(`a[href],button,${fields},summary`);
  return [...controls].filter((control) => control.checkVisibility()).length;
}"""
FOCUSED = """() => {
  const control = document.activeElement;
  if (control === document.body) return null;
  const shows = getComputedStyle(control).outlineStyle !== "none";
  return [[...document.querySelectorAll("*")].indexOf(control), shows];
}"""


@contextmanager
def pictures(names: str) -> Iterator[None]:
    """Expect that each page that is named is looked at; with `PICTURES=1`, that four new pictures of it are kept."""
    kinds = [f"{screen}-{colors}" for screen in SCREENS for colors in COLORS]
    wanted = {f"{name}-{kind}" for name in names.split() for kind in kinds}
    _looked_at.difference_update(wanted)
    PICTURES.mkdir(parents=True, exist_ok=True)
    yield
    assert wanted - _looked_at == set()
    files = [PICTURES / f"{each}.png" for each in wanted if KEPT]
    assert [file.name for file in files if file.stat().st_size < SMALLEST] == []


async def take_picture(page: Page, name: str, screen: str) -> None:
    """Keep the page that is open, light and dark, where pictures are wanted."""
    for colors in COLORS:
        _looked_at.add(f"{name}-{screen}-{colors}")
        if KEPT:
            await page.emulate_media(color_scheme=colors, reduced_motion="reduce")
            await page.screenshot(path=PICTURES / f"{name}-{screen}-{colors}.png", full_page=True)


async def keep(page: Page, name: str) -> None:
    """Check the page that is open, on both screens, and keep four pictures of it where they are wanted."""
    assert name in NAMES.split(), f"{name} is not among the pages that must have pictures"
    for screen, (width, height) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        complaints = await page.evaluate(CHECKS)
        assert complaints == [], (name, screen, complaints)
        await take_picture(page, name, screen)
    await every_control_is_reached(page, name)


async def press(page: Page, button: str) -> None:
    """Press a button and wait for the page it leads to: a picture of the page before would show nothing wrong."""
    async with page.expect_navigation():
        await page.get_by_role("button", name=button).click()


async def every_control_is_reached(page: Page, name: str) -> None:
    """Tab through the page: every control gets the focus, once, and shows it."""
    count = await page.evaluate(COUNT)
    reached = set()
    for _ in range(count + 3):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(FOCUSED)
        if seen is not None:
            reached.add(seen[0])
            assert seen[1], f"{name}: the focus does not show"
    assert len(reached) >= count, f"{name}: {len(reached)} of {count} controls are reached"


async def test_pages_for_everybody(browser: Browser, house: House) -> None:
    with pictures(EVERYBODY):
        page = await visitor(browser, scripts=True)
        for name in ("sign-in", "sign-up", "recover", "sign-out", "nowhere"):
            await page.goto(house.at(f"/{name}"))
            await keep(page, {"sign-out": "signed-out"}.get(name, name))
        await sign_in(page, house, "nobody@example.org")
        await keep(page, "sign-in-refused")
        await page.goto(house.at("/sign-up"))
        await page.get_by_label("Email").fill("ann@example")
        await page.get_by_label("Password").fill("short")
        await press(page, "Create account")
        await expect(page.get_by_role("alert")).to_be_visible()
        await keep(page, "sign-up-refused")
        await page.get_by_label("Email").fill(ANN)
        await page.get_by_label("Password").fill(PASSWORD)
        await press(page, "Create account")
        await keep(page, "sign-up-sent")
        link = await open_mail(page, house, "Confirm your email")
        await keep(page, "dev-mail")
        await page.goto(house.at("/dev/mail"))
        await keep(page, "dev-mails")
        phone = await visitor(browser, user_agent=IPHONE, scripts=True)
        await phone.goto(link)
        await keep(phone, "verify-email-elsewhere")
        await page.goto(link)
        await keep(page, "verify-email")
        await press(page, "Confirm email")
        await keep(page, "verified")
        await page.goto(link)
        await keep(page, "verify-email-gone")
        await page.goto(house.at("/recover"))
        await page.get_by_label("Email").fill(ANN)
        await press(page, "Send the link")
        await keep(page, "recover-sent")
        link = await open_mail(page, house, "password")
        await page.goto(link)
        await keep(page, "new-password")
        await page.get_by_label("New password").fill("passwordpassword")
        await press(page, "Save password")
        await keep(page, "new-password-refused")
        await page.get_by_label("New password").fill("other words entirely now")
        await press(page, "Save password")
        await keep(page, "recovered")
        await page.goto(link)
        await keep(page, "link-gone")
        await page.goto(house.at("/admin/set-up?token=x"))
        await keep(page, "set-up-gone")
        await keep_the_hop(page, house)


async def keep_the_hop(page: Page, house: House) -> None:
    """Hold the hop still: what it leads to is not answered, so the browser stays on it."""
    times = 0

    async def once(route: Route) -> None:
        nonlocal times
        times += 1
        if times == 1:
            await route.continue_()
        else:
            await route.fulfill(status=204)

    await page.route(house.at("/account"), once)
    await page.goto(house.stranger)
    await page.locator("#account").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("One moment")
    await keep(page, "hop")
    await page.unroute(house.at("/account"))


async def test_pages_of_ones_own(browser: Browser, house: House) -> None:
    with pictures(OWN):
        page, other = await visitor(browser, scripts=True), await visitor(browser, user_agent=FIREFOX, scripts=True)
        await sign_in(other, house, BEN)
        phone = await visitor(browser, user_agent=IPHONE)
        await sign_in(phone, house, BEN)
        await sign_in(page, house, BEN)
        for path in ("account", "account/sessions", "sign-out", "sign-in?confirm=1"):
            await page.goto(house.at(f"/{path}"))
            await keep(page, path.replace("/", "-").replace("?confirm=1", "-again"))
        await page.goto(house.at("/account"))
        for summary in await page.locator("summary").all():
            await summary.click()
        await keep(page, "account-drawers")
        await page.get_by_label("New email").fill("benjamin@example.org")
        await page.locator("#email_password").fill("not the words of ben")
        await press(page, "Send the link")
        await expect(page.get_by_role("alert")).to_be_visible()
        await keep(page, "account-refused")
        await page.get_by_label("New email").fill("benjamin@example.org")
        await page.locator("#email_password").fill(PASSWORD)
        await press(page, "Send the link")
        await keep(page, "account-told")
        await page.goto(await open_mail(page, house, "Confirm your new email"))
        await keep(page, "confirm-email")
        await press(page, "Confirm email")
        await keep(page, "email-confirmed")
        await page.goto(house.at("/account/closed"))
        await keep(page, "closed")


async def test_pages_of_lost_factors(browser: Browser, house: House, tmp_path: Path) -> None:
    with pictures(LOST):
        page = await visitor(browser, scripts=True)
        for name in ("begin", "call-off"):
            await page.goto(house.at(f"/recover/factors/{name}?token=x"))
            await keep(page, {"begin": "begin-gone", "call-off": "nothing-waits"}[name])
        await sign_in(page, house, CLEO)
        await keep(page, "step")
        await page.get_by_role("link", name="I lost all of these").click()
        await keep(page, "lost-factors")
        await press(page, "Mail me the link")
        await keep(page, "lost-factors-sent")
        await page.goto(await open_mail(page, house, "lose every"))
        await keep(page, "begin-wait")
        await press(page, "Begin the wait")
        await keep(page, "wait-begun")
        await page.goto(await open_mail(page, house, "removed soon"))
        await keep(page, "call-off")
        await press(page, "Keep them")
        await keep(page, "called-off")
        await sign_in(page, house, CLEO)
        await page.get_by_role("link", name="I lost all of these").click()
        await press(page, "Mail me the link")
        await page.goto(await open_mail(page, house, "lose every"))
        await press(page, "Begin the wait")
        for half_days in (6, 3):
            await make_older(tmp_path / "notes.db", half_days * 12 * 3_600_000)
        link = await open_mail(page, house, "removed now")
        await page.goto(link)
        await keep(page, "remove-lost")
        await page.get_by_label("Password").fill("not the words of cleo")
        await press(page, "Remove them")
        await keep(page, "remove-lost-refused")
        await page.get_by_label("Password").fill(PASSWORD)
        await press(page, "Remove them")
        await keep(page, "factors-removed")


async def make_older(database: Path, ms: int) -> None:
    """Let a recovery that waits have begun earlier, and tell its owner what is due by now."""
    async with open_site(f"sqlite:///{database}", database.parent, clock=ManualClock(SystemClock().now())) as site:
        async with site.desk.database.writing() as tx:
            earlier = {name: waits.c[name] - ms for name in ("asked_at", "due_at", "expires_at", "next_notice_at")}
            account = (await tx.execute(update(waits).values(**earlier).returning(waits.c.account))).scalar_one()
        await tell_owner(site.desk, account)


async def test_console(browser: Browser, house: House) -> None:
    with pictures(CONSOLE):
        page, ben = await visitor(browser, scripts=True), await visitor(browser, user_agent=FIREFOX, scripts=True)
        await sign_in(ben, house, BEN)
        await expect(ben.locator("#me")).to_have_text(BEN)
        await sign_in(page, house, ROOT)
        await page.goto(house.at("/admin?q=nobody"))
        await keep(page, "admin-nobody")
        await page.goto(house.at("/admin"))
        await keep(page, "admin-people")
        # Find an account.
        await page.get_by_label("Email, username or id").fill("ben")
        await page.get_by_role("button", name="Find").click()
        await expect(page.get_by_role("row")).to_have_count(2)
        await page.get_by_role("link", name=BEN).click()
        await keep(page, "admin-person")
        await page.goto(house.at("/admin?q=cleo"))
        await page.get_by_role("link", name=CLEO).click()
        await keep(page, "admin-person-factors")
        await explain(page)
        await page.goto(house.at("/admin?q=cleo"))
        await page.get_by_role("link", name=CLEO).click()
        await sign_in(await visitor(browser), house, CLEO)
        await page.get_by_role("button", name="Remove all").click()
        await expect(page.get_by_role("status")).to_have_text(
            "The second factors were removed, and all sessions were ended."
        )
        await page.goto(house.at("/admin?q=ben"))
        await page.get_by_role("link", name=BEN).click()
        # End a session.
        await page.get_by_role("button", name=re.compile("End ?: Firefox on Linux")).click()
        await expect(page.get_by_role("status")).to_have_text("The session was ended.")
        await ben.goto(f"{house.url}/notes")
        assert await heading(ben) == "Sign in"
        # Lock: who is in is out, and nobody comes in.
        await sign_in(ben, house, BEN)
        await expect(ben.locator("#me")).to_have_text(BEN)
        await page.get_by_role("button", name="Lock account").click()
        await expect(page.get_by_text("Locked", exact=True)).to_be_visible()
        await keep(page, "admin-person-locked")
        await ben.goto(f"{house.url}/notes")
        assert await heading(ben) == "Sign in"
        await sign_in(ben, house, BEN)
        await expect(ben.get_by_role("alert")).to_contain_text("do not match")
        await page.get_by_role("button", name="Unlock account").click()
        await sign_in(ben, house, BEN)
        await expect(ben.locator("#me")).to_have_text(BEN)
        # Roles, and the console is for administrators alone.
        await ben.goto(house.at("/admin"))
        await expect(ben.get_by_text("403")).to_be_visible()
        await keep(ben, "admin-not-for-you")
        await page.get_by_role("button", name="Give editor").click()
        await expect(page.get_by_text("Held")).to_be_visible()
        await explain_access(page)
        # The audit view tells all of it.
        await page.get_by_role("link", name="Audit").click()
        await keep(page, "admin-audit")
        for event in ("account.locked", "account.unlocked", "session.ended", "sign_in.done", "role.granted"):
            await page.get_by_label("Event", exact=True).fill(event)
            await page.get_by_role("button", name="Filter").click()
            await expect(page.get_by_role("cell", name=event).first).to_be_visible()
        await page.get_by_label("Event", exact=True).fill("sign_in.more_needed")
        await page.get_by_label("Account: email").fill(CLEO)
        await press(page, "Filter")
        await expect(page.get_by_role("listitem").filter(has_text="so two factors are asked for")).to_be_visible()
        await keep(page, "admin-audit-more-needed")
        await page.get_by_label("Account: email").fill("")
        await page.get_by_label("Event", exact=True).fill("no.such")
        await press(page, "Filter")
        await keep(page, "admin-audit-empty")


async def explain(page: Page) -> None:
    """Ask what a sign-in of the account that is open would take: nothing proven, half of it, all of it."""
    await page.get_by_role("link", name="Explain a sign-in").click()
    assert await heading(page) == "Explain a sign-in"
    await expect(page.get_by_role("heading", name="The sign-in takes more")).to_be_visible()
    await keep(page, "admin-explain")
    await page.get_by_label("The password").check()
    await page.get_by_label("A proof that no false site").check()
    await page.get_by_label("In a browser that never").check()
    await press(page, "Explain")
    await expect(page.get_by_role("cell", name="Not yet")).to_have_count(2)
    await keep(page, "admin-explain-half")
    await page.get_by_label("A code of the authenticator app").check()
    await page.get_by_label("Two factors").check()
    await press(page, "Explain")
    await expect(page.get_by_role("heading", name="This is enough")).to_be_visible()
    await expect(page.get_by_role("cell", name="Yes")).to_have_count(2)
    await keep(page, "admin-explain-enough")


async def explain_access(page: Page) -> None:
    """Give a role for a time to the account that is open, and ask why it may do what."""
    await page.get_by_role("combobox", name="Role").fill("editor")
    await page.get_by_label("For how long").fill("8h")
    await press(page, "Give for a time")
    await expect(page.get_by_text("Ends in 8 hours")).to_be_visible()
    await keep(page, "admin-person-roles")
    await page.get_by_role("link", name="Explain access").click()
    assert await heading(page) == "Explain access"
    await keep(page, "admin-access")
    for permission, scope, name in (
        ("notes", "", "refused"),
        ("notes:delete", "", "allowed"),
        ("notes:delete", "notes:read notes:write", "denied"),
    ):
        await page.get_by_role("combobox", name="Permission").fill(permission)
        await page.get_by_role("textbox", name="Scopes").fill(scope)
        await press(page, "Explain")
        if name != "refused":
            await expect(page.get_by_role("heading", name=name)).to_be_visible()
        await keep(page, f"admin-access-{name}")


async def test_set_up(browser: Browser, tmp_path: Path) -> None:
    with pictures(SET_UP):
        link: list[str] = []
        with served(lambda port: notes_app(port, tmp_path, link)) as port:
            new = House(f"http://localhost:{port}", "")
            page = await visitor(browser, scripts=True)
            await page.goto(new.at(f"/admin/set-up?token={link[0]}"))
            await keep(page, "set-up")
            await page.get_by_label("Email").fill(ROOT)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Create administrator").click()
            await fill_sign_in(page, ROOT)
            await expect(page.get_by_role("heading", name="People")).to_be_visible()
            await page.goto(new.at(f"/admin/set-up?token={link[0]}"))
            assert await heading(page) == "This link no longer works"


async def test_pages_of_passkeys(browser: Browser, house: House) -> None:
    with pictures(PASSKEYS):
        page = await visitor(browser, scripts=True)
        devices, authenticator = await plug_in(page)
        await page.add_init_script(NO_AUTOFILL)
        await sign_in(page, house, BEN)
        await page.goto(house.at("/account/ways-in"))
        await keep(page, "ways-in-passkeys")
        await add_passkey(page, house)
        await keep(page, "ways-in-listed")
        await page.get_by_role("link", name="Chrome on Linux").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
        await keep(page, "sign-in-again-passkey")
        await page.get_by_role("button", name="Confirm with a passkey").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Chrome on Linux")
        await keep(page, "passkey")
        await sign_out(page, house)
        await sign_in(page, house, BEN)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Use your passkey")
        await keep(page, "step-passkey")
        await devices.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
        await plug_in(page, isUserVerified=False)
        await page.goto(house.at("/sign-in"))
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await keep(page, "sign-in-passkey-refused")


async def test_mailed_codes(browser: Browser, tmp_path: Path) -> None:
    """A code typed, a link in the browser that asked and elsewhere, and confirming within a session."""
    with pictures(BY_MAIL):
        codes = {"email_codes": True}
        with served(lambda port: notes_app(port, tmp_path, sign_in=codes)) as port:
            house = House(f"http://localhost:{port}", "")
            page, phone = await visitor(browser), await visitor(browser, user_agent=IPHONE)
            await page.goto(f"{house.url}/notes")
            await keep(page, "sign-in-by-mail-too")
            await press(page, "Mail me a code")
            await keep(page, "sign-in-by-mail-refused")
            await page.get_by_label("Email or username").fill("ben")
            await press(page, "Mail me a code")
            await keep(page, "sign-in-code")
            await page.get_by_label("Code").fill("0000 0000")
            await press(page, "Continue")
            await expect(page.get_by_role("alert")).to_be_visible()
            await keep(page, "sign-in-code-refused")
            mailbox = await page.context.new_page()
            link = await open_mail(mailbox, house, "Your code")
            await keep(mailbox, "sign-in-code-mail")
            await phone.goto(link)
            await keep(phone, "mailed-elsewhere")
            code = await phone.locator(".code").inner_text()
            await mailbox.goto(link)
            await keep(mailbox, "mailed")
            await page.get_by_label("Code").fill(code)
            await press(page, "Continue")
            await expect(page.locator("#me")).to_have_text(BEN)
            await mailbox.goto(link)
            await keep(mailbox, "mailed-gone")
            await page.goto(house.at("/sign-in?confirm=1&return_to=/notes"))
            await keep(page, "sign-in-again-by-mail")
            await press(page, "Mail me a code")
            await keep(page, "sign-in-code-told")
            await mailbox.goto(await open_mail(mailbox, house, "Your code"))
            await press(mailbox, "Confirm")
            await expect(mailbox.locator("#me")).to_have_text(BEN)


async def test_mailed_codes_alone(browser: Browser, tmp_path: Path) -> None:
    """A site without passwords has a whole way in."""
    codes, none = {"email_codes": True}, {"enabled": False}
    with (
        pictures(BY_MAIL_ALONE),
        served(lambda port: notes_app(port, tmp_path, sign_in=codes, passwords=none)) as port,
    ):
        house = House(f"http://localhost:{port}", "")
        page = await visitor(browser)
        await page.goto(house.at("/sign-in"))
        await keep(page, "sign-in-by-mail-alone")
        await page.get_by_label("Email or username").fill(BEN)
        await press(page, "Mail me a code")
        await page.goto(await open_mail(page, house, "Your code"))
        await press(page, "Sign in")
        await expect(page.locator("#me")).to_have_text(BEN)
