"""The app that the SDK is tried in, as a process that tests may kill, and its pages in a real browser."""

import json
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from coatcheck import __version__
from coatcheck.clock import millis
from coatcheck.mfa.totp import step_of
from tests.servers.chromium import FLAGS
from tests.servers.programs import Program
from tests.servers.server import WebServer
from tests.site import PASSWORD

ROOT = Path(__file__).parents[2]
PATIENCE_MS = 15_000
ENTER = """async ({ url, options }) => {
  const { Coatcheck, CoatcheckError } = await import(url);
  Object.assign(globalThis, { Coatcheck, CoatcheckError });
  globalThis.coatcheck = await Coatcheck.open(options);
}"""
RUN = """async (given) => {{
  try {{ return {{ given: await (async () => {{ {code} }})() }}; }} catch (error) {{
    if (error?.name !== "CoatcheckError") throw error;
    const {{ code, kind, status, fields, challenge, problem, message }} = error;
    return {{ refused: {{ code, kind, status, fields, challenge, problem, message }} }};
  }}
}}"""


class Refused(Exception):
    """The SDK threw a `CoatcheckError`.

    Args:
        said: its `code`, `kind`, `status`, `fields`, `challenge` and `problem`.
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__(f"{said['code']} ({said['kind']}): {said['message']}")
        self.said = said
        self.code: str = said["code"]
        self.kind: str = said["kind"]


@dataclass(frozen=True)
class Person:
    """Somebody who has an account at the app."""

    id: str
    email: str
    password: str = field(default=PASSWORD, repr=False)


class House(WebServer):
    """The app on a real server: `kill` ends it as a crash does, `start` brings it back with all that it kept.

    Args:
        sections: settings of Coatcheck, by section.
    """

    name = "sdk-house"
    stopped_by = signal.SIGTERM
    killed_by = signal.SIGKILL
    steps_down = False

    def __init__(self, **sections: Mapping[str, object]) -> None:
        self._sections = sections
        super().__init__(Program(path=Path(sys.executable), needs=()))

    def prepare(self) -> None:
        """Prepare nothing: the app does at its start."""

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return ["-m", "tests.sdk.app", str(self.port), str(self.place.path), json.dumps(self._sections)]

    def environment(self) -> dict[str, str]:
        """Return where its modules are."""
        return {"PYTHONPATH": str(ROOT)}

    def restart(self, **sections: Mapping[str, object]) -> None:
        """Start again with other settings."""
        self.stop()
        self._sections = sections
        self.start()

    @property
    def url(self) -> str:
        """The app's origin; Coatcheck is under `/auth`."""
        return f"http://localhost:{self.port}"

    @property
    def sdk(self) -> str:
        """The folder of the SDK, as pages have it."""
        return f"{self.url}/auth/sdk/{__version__}"

    @property
    def modules(self) -> str:
        """The folder of the SDK's modules as they are written, for tests of what no page can reach."""
        return f"{self.url}/modules"

    def move_on(self, by: timedelta) -> int:
        """Let the server's time go on; give how many milliseconds it is ahead of the machine's by now."""
        said = self.place.path / "ahead"
        ahead = (int(said.read_text()) if said.exists() else 0) + millis(by)
        new = said.with_suffix(".new")
        new.write_text(str(ahead))
        new.replace(said)
        return ahead

    async def person(self) -> Person:
        """Make a person with an account."""
        async with httpx.AsyncClient(base_url=self.url) as asking:
            return Person(**(await asking.post("/people")).raise_for_status().json())

    async def mailed_code(self, person: Person) -> str:
        """Give the code that was mailed to a person last."""
        async with httpx.AsyncClient(base_url=self.url) as asking:
            text = (await asking.get("/mails", params={"to": person.email})).raise_for_status().json()[0]
        found = re.search(r"\b\d{4} ?\d{4}\b", text)
        assert found is not None, text
        return found[0].replace(" ", "")

    async def end_sessions(self, person: Person) -> None:
        """End all sessions of a person, as they do in another browser."""
        own = {"sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(base_url=f"{self.url}/auth", headers=own) as other:
            who = {"identifier": person.email, "password": person.password}
            (await other.post("/api/sign-in", json=who)).raise_for_status()
            (await other.post("/api/sign-out", json={"everywhere": True})).raise_for_status()


@dataclass(frozen=True)
class Tab:
    """A page of the app in which the SDK is open, as the global `coatcheck`.

    Args:
        options: more of what `Coatcheck.open` takes.
    """

    page: Page
    house: House
    options: Mapping[str, Any] = field(default_factory=dict)

    async def enter(self) -> None:
        """Go to the app and open the SDK."""
        await self.page.goto(self.house.url)
        await self.open()

    async def reload(self) -> None:
        """Load the page again, as it is after a restart."""
        await self.page.reload()
        await self.open()

    async def open(self) -> None:
        """Open the SDK in a page that is there."""
        options = {"issuer": f"{self.house.url}/auth", **self.options}
        await self.page.evaluate(ENTER, {"url": f"{self.house.sdk}/index.js", "options": options})

    async def run(self, code: str, /, **given: Any) -> Any:
        """Run statements, or one expression, which find `coatcheck` and what is `given`; give the result.

        Raises:
            Refused: the SDK threw an error of its own.
        """
        names = f"const {{ {', '.join(given)} }} = given;" if given else ""
        statements = code if re.search(r"\breturn\b|;", code) else f"return {code};"
        ended = await self.page.evaluate(RUN.format(code=f"{names} {statements}"), given)
        if "refused" in ended:
            raise Refused(ended["refused"])
        return ended.get("given")

    async def sign_in(self, person: Person) -> dict[str, Any]:
        """Sign in by a password; give the outcome."""
        who = {"identifier": person.email, "password": person.password}
        outcome: dict[str, Any] = await self.run("coatcheck.signIn(who)", who=who)
        return outcome

    async def state(self) -> dict[str, Any]:
        """Give the state."""
        state: dict[str, Any] = await self.page.evaluate("coatcheck.state")
        return state

    async def until(self, condition: str) -> None:
        """Wait until something of `state` is true."""
        what = f"(() => {{ const state = coatcheck.state; return {condition}; }})()"
        await self.page.wait_for_function(what, timeout=PATIENCE_MS)

    async def fetch(self, path: str, **init: Any) -> tuple[int, Any]:
        """Send a request as whoever is signed in; give status and JSON."""
        code = "const a = await coatcheck.fetch(path, init); return [a.status, await a.json().catch(() => null)];"
        status, said = await self.run(code, path=path, init=init)
        return status, said


@dataclass
class Pages:
    """Browsers at the app, each with storage of its own."""

    browser: Browser
    house: House
    contexts: list[BrowserContext] = field(default_factory=list)

    async def open(self, *, init: str = "", **options: Any) -> Tab:
        """Open the app in a browser that has never been there.

        Args:
            init: a script that runs first in each of its pages.
            options: more of what `Coatcheck.open` takes.
        """
        context = await self.browser.new_context()
        self.contexts.append(context)
        if init:
            await context.add_init_script(init)
        return await self.tab(context, **options)

    async def tab(self, context: BrowserContext, **options: Any) -> Tab:
        """Open the app in one more tab of a browser."""
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        opened = Tab(page, self.house, options)
        await opened.enter()
        return opened

    @asynccontextmanager
    async def profile(self, folder: Path, chromium: Path) -> AsyncIterator[BrowserContext]:
        """Run a browser whose files lie in a folder: it may be closed, opened again, and copied in between."""
        launching = self.browser.browser_type.launch_persistent_context(
            folder, executable_path=chromium, args=list(FLAGS)
        )
        context = await launching
        try:
            yield context
        finally:
            await context.close()


def now_step() -> int:
    """Give the step at which an authenticator app is now."""
    return step_of(time.time_ns() // 1_000_000)


async def with_authenticator(tab: Tab, *, has_prf: bool = True, **more: Any) -> tuple[CDPSession, str]:
    """Give a tab's browser an authenticator, which says yes to everything."""
    devices = await tab.page.context.new_cdp_session(tab.page)
    await devices.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": has_prf,
        **more,
    }
    added = await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices, str(added["authenticatorId"])
