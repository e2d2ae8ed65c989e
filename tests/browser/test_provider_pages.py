"""Every page of signing in with others, as pictures: one provider, three, eight, a company's; linked, refused."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from coatcheck.testing.providers import FakeGitHub, Someone
from tests.browser.house import BEN, House, notes_app, strangers_site
from tests.browser.steps import cookies_of, heading, sign_in, visitor
from tests.browser.test_pages import COMPANY, FEW_PROVIDERS, PROVIDERS, keep, pictures, press
from tests.login.providers import github_table
from tests.site import PASSWORD
from tests.web.live import served

ADA = "ada@example.org"
PEOPLE = [
    Someone(handle="ada", number=1, name="Ada Byron", email=ADA),
    Someone(handle="ben", number=2, name="Ben", email=BEN),
    Someone(handle="cem", number=3, name="Cem Unproven", email="cem@example.org", is_proven=False),
]
NOT_ASKED = github_table("http://127.0.0.1:1")
EIGHT = ("Otherhub", "Findit", "Windowpane", "Orchard", "Gitlake", "Harmony", "Slate", "Acquaintances")


def table(title: str, fake: FakeGitHub | None = None) -> Mapping[str, object]:
    """Give the settings of a provider of GitHub's kind; without a fake it is only shown."""
    own = github_table(fake.url) if fake else {**NOT_ASKED, "issuer": f"http://127.0.0.1:1/{title.split()[0]}"}
    read = {"subject": "id (number)", "email": "emails: email", "email_flag": "emails: verified", "name": "name"}
    client = {"client_id": "client-1", "client_secret": "secret-1"}
    return {
        "entry": "oauth2",
        "title": title,
        **own,
        **read,
        **client,
        "scopes": ("user:email",),
        "checks_emails": True,
    }


@asynccontextmanager
async def house_with(
    folder: Path, providers: Mapping[str, object], *, has_passwords: bool = True, **sign_in: bool
) -> AsyncIterator[House]:
    """Serve the app with these providers, and a stranger's site; `sign_in` are settings of that section."""
    own = {"enabled": has_passwords}
    with served(lambda port: notes_app(port, folder, providers=providers, passwords=own, sign_in=sign_in)) as ours:
        url = f"http://localhost:{ours}"
        with served(lambda _port: strangers_site(url)) as theirs:
            yield House(url, f"http://127.0.0.1:{theirs}")


async def go(page: Page, title: str, person: str, button: str = "Continue with") -> None:
    """Press a provider's button, and a person's there."""
    await (
        page.get_by_role("button", name=f"{button} {title}")
        .or_(page.get_by_role("link", name=f"{button} {title}"))
        .click()
    )
    await expect(page.get_by_role("heading", name="Sign in with GitHub")).to_be_visible()
    await page.get_by_role("button", name=person).click()


async def test_how_many_there_are(browser: Browser, tmp_path: Path) -> None:
    """One, three and eight of them, beside passwords and without; no page of theirs is asked for."""
    sites: dict[str, tuple[int, dict[str, bool]]] = {
        "sign-in-providers-one": (1, {"email_codes": True}),
        "sign-in-providers-three": (3, {}),
        "sign-in-providers-eight": (8, {}),
        "sign-in-providers-alone": (3, {"has_passwords": False, "passkeys": False}),
        "sign-in-providers-and-passkeys": (8, {"has_passwords": False}),
    }
    with pictures(FEW_PROVIDERS):
        for name, (count, ways) in sites.items():
            folder = tmp_path / name
            folder.mkdir()
            providers = {title.lower(): table(title) for title in EIGHT[:count]}
            async with house_with(folder, providers, **ways) as house:
                page = await visitor(browser, scripts=True)
                await page.goto(house.at("/sign-in"))
                await expect(page.get_by_role("button", name="Continue with Otherhub")).to_be_visible()
                await keep(page, name)


async def test_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    """The order is the one that is seen, and Enter in a field presses the button of the fields."""
    async with house_with(tmp_path, {"otherhub": table("Otherhub"), "findit": table("Findit")}) as house:
        page = await visitor(browser)
        await page.goto(house.at("/sign-in"))
        seen = [page.get_by_label("Email or username"), page.get_by_label("Password", exact=True)]
        seen += [page.get_by_label("Keep me signed in"), page.get_by_role("link", name="Forgot password?")]
        for name in ("Sign in", "Continue with Otherhub", "Continue with Findit"):
            seen.append(page.get_by_role("button", name=name, exact=True))
        for each in seen:
            await expect(each).to_be_focused()
            await page.keyboard.press("Tab")
        await seen[0].fill(BEN)
        await seen[1].fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#me")).to_have_text(BEN)


async def test_a_companys_people(browser: Browser, tmp_path: Path) -> None:
    company = {**table("Acme staff"), "checks_emails": False, "email_domains": ("acme.example",)}
    with pictures(COMPANY):
        async with house_with(tmp_path, {"acme": company, "otherhub": table("Otherhub")}) as house:
            page = await visitor(browser, scripts=True)
            await page.goto(house.at("/sign-in"))
            await keep(page, "sign-in-organisation")
            await page.get_by_label("Email or username").fill("ada@elsewhere.example")
            await press(page, "Use my organisation’s sign-in")
            await expect(page.get_by_role("alert")).to_contain_text("No organisation here")
            await keep(page, "sign-in-organisation-refused")
        alone = tmp_path / "alone"
        alone.mkdir()
        async with house_with(alone, {"acme": company}, has_passwords=False, passkeys=False) as house:
            page = await visitor(browser, scripts=True)
            await page.goto(house.at("/sign-in"))
            await keep(page, "sign-in-organisation-alone")


async def test_pages_of_providers(browser: Browser, tmp_path: Path) -> None:
    with pictures(PROVIDERS):
        async with FakeGitHub(PEOPLE) as hub, FakeGitHub(PEOPLE) as lake:
            providers = {"otherhub": table("Otherhub", hub), "gitlake": table("Gitlake", lake), "slate": table("Slate")}
            async with house_with(tmp_path, providers) as house:
                await _come_and_go(browser, house)
                await _be_asked_for_the_account(browser, house)
                await _link(browser, house)


async def _come_and_go(browser: Browser, house: House) -> None:
    """Another site's link, somebody new, and what goes wrong."""
    page = await visitor(browser, scripts=True)
    await page.goto(house.stranger)
    await page.locator("#provider").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in with Otherhub")
    await keep(page, "provider-asked-first")
    await page.goto(house.at("/sign-in"))
    await go(page, "Otherhub", "Cem Unproven")
    await expect(page.get_by_role("heading", level=1)).to_have_text("That did not work with Otherhub")
    await keep(page, "provider-failed")
    await page.goto(house.at("/sign-in"))
    await go(page, "Otherhub", "Ada Byron")
    await expect(page.locator("#me")).to_have_text(ADA)
    await page.goto(house.at("/login/otherhub/end?state=of-a-trip-that-is-over"))
    await expect(page.get_by_text("trip_unknown")).to_be_visible()
    await keep(page, "provider-failed-within")
    await press_link(page, "Back to your account")
    assert await heading(page) == "Your account"
    await page.goto(house.at("/sign-in?confirm=1&return_to=/notes"))
    await keep(page, "sign-in-again-provider")
    await go(page, "Otherhub", "Ben", "Confirm with")
    await expect(page.get_by_role("alert")).to_contain_text("not the account there")
    await keep(page, "step-provider-refused")
    await go(page, "Otherhub", "Ada Byron")
    await expect(page).to_have_url(f"{house.url}/notes")
    # Ada has no password: without another way in, this one stays.
    await page.goto(house.at("/account/ways-in"))
    await press(page, "Unlink")
    await expect(page.get_by_role("alert")).to_be_visible()
    await keep(page, "ways-in-provider-stays")


async def press_link(page: Page, words: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("link", name=words).click()


async def _be_asked_for_the_account(browser: Browser, house: House) -> None:
    """The address of an account opens a question to its owner, and nothing more."""
    page = await visitor(browser)
    await page.goto(house.at("/sign-in"))
    await go(page, "Gitlake", "Ada Byron")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Continue with Otherhub")
    await keep(page, "step-linking-provider")
    await page.goto(house.at("/sign-in"))
    await go(page, "Otherhub", "Ben")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Enter your password")
    await expect(page.get_by_text("There is an account with")).to_be_visible()
    await keep(page, "step-linking")
    assert "coatcheck-session" not in await cookies_of(page.context)
    await page.get_by_label("Password").fill(PASSWORD)
    await press(page, "Continue")
    await expect(page.locator("#me")).to_have_text(BEN)


async def _link(browser: Browser, house: House) -> None:
    """Ben came by one provider; he links another on his page of ways in, and unlinks it."""
    page = await visitor(browser, scripts=True)
    await sign_in(page, house, BEN)
    await expect(page.locator("#me")).to_have_text(BEN)
    await page.goto(house.at("/account/ways-in"))
    await page.get_by_role("button", name="Link Gitlake", exact=True).click()
    await page.get_by_role("button", name="Cem Unproven").click()
    await expect(page.get_by_role("status")).to_contain_text("The provider was linked")
    await keep(page, "ways-in-providers")
    await press(page, "Unlink Gitlake")
    await expect(page.get_by_role("status")).to_contain_text("The provider was unlinked")
    assert await heading(page) == "Ways in"
