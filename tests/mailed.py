"""Mailed codes in tests: a site that has them, somebody who goes on with one, and what is in the mail."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from coatcheck.mail import Message
from tests.site import FORM_TOKEN, Site, open_site, submit

ANN = "ann@example.org"
CODE = re.compile(r"^(\d{4} \d{4})$", re.MULTILINE)
LINK = re.compile(r"https://auth\.example\.org(/sign-in/mailed\?token=[\w-]+)")
SIGN_IN = re.compile(r'name="sign_in" value="(sgn_\w+)"')
SESSION = "__Host-coatcheck"


@asynccontextmanager
async def coded_site(
    folder: Path, *, limits: Mapping[str, object] | None = None, **settings: object
) -> AsyncIterator[Site]:
    """Open a site where a mailed code is a way in, or that has other settings of signing in."""
    chosen = settings or {"email_codes": True}
    async with open_site(f"sqlite:///{folder / 'site.db'}", folder, sign_in=chosen, limits=limits or {}) as opened:
        yield opened


class Coded:
    """Go on with a sign-in that was begun, by the call of the API."""

    def __init__(self, browser: httpx.AsyncClient, begun: dict[str, Any]) -> None:
        self.browser, self.sign_in, self.continuation = browser, begun["sign_in"], begun["continuation"]
        self.path = f"/api/sign-in/{self.sign_in}"

    async def start(self) -> httpx.Response:
        """Ask for a code."""
        return await self.browser.post(f"{self.path}/email_code/start", json={"continuation": self.continuation})

    async def prove(self, code: str) -> httpx.Response:
        """Give a code."""
        body = {"continuation": self.continuation, "code": code}
        return await self.browser.post(f"{self.path}/email_code", json=body)


async def begun(browser: httpx.AsyncClient, identifier: str = ANN, **more: object) -> Coded:
    """Begin by a name alone."""
    return Coded(browser, (await browser.post("/api/sign-in", json={"identifier": identifier, **more})).json())


def code_in(mail: Message) -> str:
    """Give the code in a mail."""
    found = CODE.search(mail.text)
    assert found is not None
    return found[1]


async def code_for(site: Site, to: str = ANN) -> str:
    """Give the code of the newest mail."""
    return code_in((await site.mails(to))[0])


async def link_for(site: Site, to: str = ANN) -> str:
    """Give the path of the link in the newest mail."""
    found = LINK.search((await site.mails(to))[0].text)
    assert found is not None
    return found[1]


def other_than(code: str) -> str:
    """Give a code that is not this one."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


async def to_code_page(site: Site, browser: httpx.AsyncClient, identifier: str = ANN, **fields: str) -> httpx.Response:
    """Press “Mail me a code” on the sign-in page."""
    sent = await submit(browser, "/sign-in", "/sign-in/mail-code", identifier=identifier, **fields)
    assert sent.status_code == 303, sent.text
    return await browser.get(sent.headers["location"])


async def type_code(browser: httpx.AsyncClient, shown: httpx.Response, code: str, **fields: str) -> httpx.Response:
    """Type a code into the page that is shown."""
    token, sign_in_id = FORM_TOKEN.search(shown.text), SIGN_IN.search(shown.text)
    assert token
    assert sign_in_id
    data = {"form_token": token[1], "sign_in": sign_in_id[1], "factor": "email_code", "code": code, **fields}
    return await browser.post("/sign-in/code", data=data)
