"""A whole site for a test: Coatcheck on a real database, browsers that visit it, and the mails it wrote."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from coatcheck.access.names import ADMIN
from coatcheck.accounts.account import Account
from coatcheck.admin.create_account import create_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.desk import Desk
from coatcheck.desk.outbox import waiting_mails
from coatcheck.limits import tries
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import AS_USUAL, Admitted, AskedFor, SignIn
from coatcheck.mail import Message
from coatcheck.revocation.reader import LogReader
from coatcheck.secret import new_id
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.ready import hashing_cheaply, ready_file

ORIGIN = "https://auth.example.org"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROVEN = Proof(factor="password")
PASSWORD = "seven quiet lanterns drift"
FORM_TOKEN = re.compile(r'name="form_token" value="(\w+)"')
TOKEN = re.compile(r"token=([\w-]+)")
VISIT = Visit(address="203.0.113.7", user_agent=FIREFOX, base_url=ORIGIN)


class Site(Struct, frozen=True):
    """Hold one running site.

    Args:
        auth: the whole of it, as an app would have it.
        clock: its time, which tests set.
    """

    auth: Coatcheck
    desk: Desk
    clock: ManualClock

    def browser(
        self, *, address: str = "203.0.113.7", user_agent: str = FIREFOX, headers: Mapping[str, str] | None = None
    ) -> httpx.AsyncClient:
        """Open a browser with a cookie jar of its own; it sends what a browser sends from one of our own pages."""
        own = {"user-agent": user_agent, "sec-fetch-site": "same-origin", "accept": "text/html,application/json"}
        transport = httpx.ASGITransport(self.auth.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={**own, **(headers or {})})

    def machine(self, *, address: str = "198.51.100.7") -> httpx.AsyncClient:
        """Open a client that is no browser: it has no cookies and says nothing of any site."""
        transport = httpx.ASGITransport(self.auth.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"user-agent": "reports/1.0"})

    async def person(
        self, email: str = "ann@example.org", password: str | None = PASSWORD, username: str | None = None
    ) -> Account:
        """Make an account at once, without its mail."""
        actor = "operator"
        return await create_account(self.desk, Visit(), email=email, password=password, username=username, actor=actor)

    async def signed_in(
        self, email: str = "ann@example.org", password: str = PASSWORD, **browser: Any
    ) -> httpx.AsyncClient:
        """Open a browser and sign in."""
        opened = self.browser(**browser)
        answer = await sign_in(opened, email, password)
        assert answer.status_code == 200, answer.text
        return opened

    async def administrator(self, email: str = "root@example.org") -> httpx.AsyncClient:
        """Make an administrator and sign them in."""
        root = await self.person(email)
        await create_role(self.desk, Visit(), role=ADMIN, permissions=[], actor="operator")
        await grant_role(self.desk, Visit(), account=root.id, role=ADMIN, actor="operator")
        return await self.signed_in(email)

    async def let_in(self, account: Account, visit: Visit = VISIT, *, asked_for: AskedFor = AS_USUAL) -> Admitted:
        """Open a session by the one door, as a right password does, without the time that hashing takes."""
        spent = await tries.spend(self.desk, visit, subject=account.id)
        admitted = await admit(self.desk, visit, proven(account, asked_for=asked_for), spent)
        assert isinstance(admitted, Admitted)
        return admitted

    async def mails(self, to: str | None = None) -> list[Message]:
        """List the mails that wait, newest first."""
        return [mail.message for mail in await waiting_mails(self.desk) if to is None or mail.message.to == to]

    async def token(self, to: str | None = None) -> str:
        """Give the one-use token of the newest mail."""
        found = TOKEN.search((await self.mails(to))[0].text)
        assert found is not None
        return found[1]

    async def follow_log(self) -> None:
        """Read the revocation log once, as the process does four times a second."""
        await self.desk.keep(LogReader).look()

    async def until_log_is_awaited(self) -> None:
        """Let what was begun go on until it waits for what is written to the log next."""
        reader = self.desk.keep(LogReader)
        async with asyncio.timeout(10):
            while not reader._moved_on._waiters:  # noqa: ASYNC110 (nothing tells that somebody began to wait)
                await asyncio.sleep(0)


def proven(account: Account, *, asked_for: AskedFor = AS_USUAL) -> SignIn:
    """Give the sign-in of somebody whose password was right just now."""
    return SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=(PROVEN,), asked_for=asked_for)


async def sign_in(browser: httpx.AsyncClient, email: str, password: str, **more: object) -> httpx.Response:
    """Sign in over JSON."""
    return await browser.post("/api/sign-in", json={"identifier": email, "password": password, **more})


async def submit(browser: httpx.AsyncClient, page: str, action: str, /, **fields: str) -> httpx.Response:
    """Open a page and send a form of it, token and all."""
    shown = await browser.get(page)
    found = FORM_TOKEN.search(shown.text)
    assert found is not None, f"no form on {page}: {shown.status_code} {shown.text[:300]}"
    return await browser.post(action, data={**fields, "form_token": found[1]})


@asynccontextmanager
async def open_site(
    url: str,
    folder: Path,
    *,
    ephemeral: str = "sql",
    clock: ManualClock | None = None,
    **sections: Mapping[str, object],
) -> AsyncIterator[Site]:
    """Open a site on a database; `sections` are settings by section.

    A SQLite file that is not there is made with its tables. Hashes cost little, unless the settings say what they cost.
    """
    overrides: dict[str, Mapping[str, object]] = {
        "database": {"url": url},
        "ephemeral": {"url": ephemeral},
        "secret": {"master_key_file": str(_key_file(folder))},
        **sections,
    }
    overrides["server"] = {"public_url": ORIGIN, **overrides.get("server", {})}
    clock = clock or ManualClock()
    settings = read_settings(None, {}, overrides)
    if "argon2_memory_kib" not in overrides.get("passwords", {}):
        settings = hashing_cheaply(settings)
    _make_file(url)
    auth = Coatcheck.from_settings(settings, base=folder, clock=clock)
    desk = await auth.open()
    try:
        await desk.keep(LogReader).look()
        yield Site(auth, desk, clock)
    finally:
        await auth.close()


def _make_file(url: str) -> None:
    _, sqlite, path = url.partition("sqlite:///")
    if sqlite and not Path(path).exists():
        ready_file(Path(path))


def _key_file(folder: Path) -> Path:
    path = folder / "master.key"
    make_key_file(path)
    return path
