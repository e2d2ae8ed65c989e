"""Three servers of others beside the notes app, each another site to the browser, and a person at their pages."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from playwright.async_api import Page
from starlette.types import ASGIApp

from coatcheck.server.coatcheck import Coatcheck
from tests.browser.house import House, notes_app
from tests.login.companies import ACME, DOMAIN, prove_by_hand, saml_server, saml_table
from tests.login.providers import github_table
from tests.login.providers import table as openid_table
from tests.servers.others import SECRET, OAuthServer, OpenIdServer, Person, by_secret
from tests.servers.programs import Program
from tests.web.live import served

ADA = f"ada@{DOMAIN}"
OPENID, OAUTH = "work", "github"
_PEOPLE = {
    "ada": Person(
        claims={"id": 7, "email": ADA, "email_verified": True, "name": "Ada Byron"},
        emails=[{"email": ADA, "primary": True, "verified": True}],
    )
}


@dataclass(frozen=True)
class Tables:
    """Hold what the settings of the site say of the server, by section."""

    providers: Mapping[str, object] = field(default_factory=dict)
    saml: Mapping[str, object] = field(default_factory=dict)


Start: TypeAlias = Callable[[str, Path, ExitStack], Tables]
"""Starts a server for a site at an address, until the stack is left; gives the tables of the site's settings."""


@dataclass(frozen=True)
class Elsewhere:
    """Say how people sign in at one of the servers.

    Args:
        name: the table of the settings.
        button: what the sign-in page says for it.
        name_field, submit: what its form calls the name, and its button.
        posts: whether its answer is posted by a page, which waits for a button where no scripts run.
    """

    name: str
    button: str
    name_field: str
    submit: str
    posts: bool = False

    async def leave(self, page: Page, house: House) -> None:
        """Press its button on our sign-in page; a company's people type their address first."""
        await page.goto(house.at("/sign-in?return_to=/notes"))
        if self.name == ACME:
            await page.get_by_label("Email or username").fill(ADA)
        await page.get_by_role("button", name=self.button).click()
        await page.wait_for_url(re.compile(r"http://127\.0\.0\.1:"))

    async def sign_in(self, page: Page) -> None:
        """Fill in the form that is open there, and come back."""
        await page.locator(f"input[name={self.name_field}]").fill("ada")
        await page.locator("input[name=password]").fill("secret")
        await page.get_by_role("button", name=self.submit).click()
        if self.posts:
            # Beside it is a button for scripts, which the page's style hides as soon as it is there.
            await page.get_by_role("button", name="Submit").last.click()
        await page.wait_for_url(re.compile(r"http://localhost:"))


OPENID_SERVER = Elsewhere(OPENID, "Continue with Work", "name", "Sign in")
OAUTH_SERVER = Elsewhere(OAUTH, "Continue with Otherhub", "name", "Sign in")
SAML_SERVER = Elsewhere(ACME, "Use my organisation’s sign-in", "username", "Login", posts=True)


@contextmanager
def beside(folder: Path, start: Start) -> Iterator[House]:
    """Serve the notes app at localhost with a server of another's at 127.0.0.1: two sites to a browser."""

    async def vouch(auth: Coatcheck) -> None:
        if ACME in auth.settings.saml:
            await prove_by_hand(auth)

    with ExitStack() as others:

        def make(port: int) -> ASGIApp:
            tables = start(f"http://localhost:{port}/auth", folder, others)
            return notes_app(port, folder, also=vouch, providers=tables.providers, saml=tables.saml)

        with served(make) as port:
            yield House(f"http://localhost:{port}", "")


def openid(program: Program) -> Start:
    """Start npm's oidc-provider."""

    def start(url: str, _folder: Path, others: ExitStack) -> Tables:
        client = by_secret("site", f"{url}/login/{OPENID}/callback")
        server = others.enter_context(OpenIdServer(program, people=_PEOPLE, clients=[client]))
        return Tables(providers={OPENID: openid_table(server)})

    return start


def oauth(program: Program) -> Start:
    """Start npm's oauth2-server, which knows no OpenID, under GitHub's entry."""

    def start(url: str, _folder: Path, others: ExitStack) -> Tables:
        clients = {"site": [f"{url}/login/{OAUTH}/callback"]}
        at = others.enter_context(OAuthServer(program, people=_PEOPLE, clients=clients)).url
        own = github_table(at, client_id="site", client_secret=SECRET, title="Otherhub")
        return Tables(providers={OAUTH: own})

    return start


def saml(program: Program) -> Start:
    """Start Debian's simplesamlphp."""

    def start(url: str, folder: Path, others: ExitStack) -> Tables:
        return Tables(saml={ACME: saml_table(others.enter_context(saml_server(program, url)), folder)})

    return start
