"""The installable notes as a person meets them: the app on a real server, its people, and what one does on its page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from playwright.async_api import Locator, Page, expect

from coatcheck.accounts import records as accounts
from coatcheck.admin.create_account import create_account
from coatcheck.desk import Desk
from coatcheck.login.enrol_totp import enrol_totp
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.visit import Visit
from examples.pwa.install import add_notes
from tests.ready import hashing_cheaply, ready_file
from tests.site import PASSWORD

ANN, BEN, CLEO = "ann@example.org", "ben@example.org", "cleo@example.org"
KEY = b"a key of twenty bytes"
SAVED = "Online: everything is saved"


def pwa(port: int, folder: Path) -> FastAPI:
    """Make the app, with Coatcheck at /auth and the notes at /pwa; Cleo has an authenticator app.

    What lies in the folder from a run before is gone on with.
    """
    make_key_file(folder / "master.key")
    is_new = not (folder / "site.db").exists()
    overrides = {
        "database": {"url": ready_file(folder / "site.db") if is_new else f"sqlite:///{folder / 'site.db'}"},
        "secret": {"master_key_file": str(folder / "master.key")},
        "server": {"public_url": f"http://localhost:{port}/auth"},
    }
    settings = hashing_cheaply(read_settings(None, {}, overrides))
    auth = Coatcheck.from_settings(settings, base=folder)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with auth.lifespan(app):
            for email in (ANN, BEN, CLEO) if is_new else ():
                account = await create_account(auth.desk, Visit(), email=email, password=PASSWORD, actor="operator")
                if email == CLEO:
                    await give_app(auth.desk, account.id)
            yield

    app = FastAPI(lifespan=lifespan)
    auth.mount(app, "/auth")
    add_notes(app, folder / "notes.db", at="/pwa")
    return app


async def give_app(desk: Desk, account: str) -> None:
    """Set up an authenticator app."""
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account)
        assert held is not None
        await enrol_totp(tx, desk, Visit(), held, KEY, step=0, shows_codes=False)


@dataclass(frozen=True)
class Notes:
    """Use the page as a person does.

    Args:
        url: of the page.
    """

    page: Page
    url: str

    @property
    def status(self) -> Locator:
        """The line that says how things stand."""
        return self.page.locator("#status")

    def note(self, text: str) -> Locator:
        """Give the notes that say something."""
        return self.page.locator(".note", has_text=text)

    async def sign_in(self, email: str = ANN, password: str = PASSWORD) -> None:
        """Open the page, and fill in the form."""
        await self.page.goto(self.url)
        await self.fill_sign_in(email, password)

    async def fill_sign_in(self, email: str = ANN, password: str = PASSWORD) -> None:
        """Fill in the form that is open, and send it."""
        await self.page.get_by_label("Email or username").fill(email)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    async def write(self, *texts: str) -> None:
        """Write notes."""
        for text in texts:
            await self.page.get_by_label("A new note").fill(text)
            await self.page.get_by_role("button", name="Save").click()
            await expect(self.note(text)).to_be_visible()

    async def change(self, text: str, into: str | None) -> None:
        """Change a note, or delete it."""
        await self.note(text).click()
        editor = self.page.get_by_role("dialog")
        await editor.get_by_label("Note", exact=True).fill(into or text)
        await editor.get_by_role("button", name="Delete" if into is None else "Save").click()
        await expect(editor).to_be_hidden()

    async def choose(self, entry: str) -> None:
        """Choose an entry of the menu."""
        await self.page.locator("#menu summary").click()
        await self.page.get_by_role("button", name=entry).click()

    async def texts(self) -> list[str]:
        """Give what the notes say, in their order."""
        return await self.page.locator(".note-text").all_text_contents()

    async def is_kept(self) -> None:
        """Wait until the service worker has the shell."""
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")


def end_sessions(url: str, email: str = ANN) -> None:
    """End all sessions of somebody, from another device of theirs."""
    with httpx.Client(base_url=url) as other:
        other.post("/auth/api/sign-in", json={"identifier": email, "password": PASSWORD}).raise_for_status()
        other.delete("/auth/api/sessions").raise_for_status()


def change_elsewhere(url: str, text: str, into: str | None, email: str = ANN) -> None:
    """Change a note, or delete it, from another device of its owner's."""
    with httpx.Client(base_url=url) as other:
        other.post("/auth/api/sign-in", json={"identifier": email, "password": PASSWORD}).raise_for_status()
        notes = other.get("/pwa/api/notes").raise_for_status().json()["notes"]
        [note] = [note for note in notes if note["text"] == text]
        headers = {"if-match": f'"{note["version"]}"', "idempotency-key": f"{text} {into}"}
        method = "DELETE" if into is None else "PUT"
        body = None if into is None else {"text": into}
        other.request(method, f"/pwa/api/notes/{note['id']}", json=body, headers=headers).raise_for_status()
