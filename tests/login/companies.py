"""A company whose people sign in where it keeps them: simplesamlphp, and what a browser does on the way and back."""

import re
from collections.abc import Mapping
from pathlib import Path

import httpx

from coatcheck.admin.prove_domain import prove_domain
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.verifier import Principal
from coatcheck.visit import Asked, Visit
from tests.login.providers import NEXT, come_back
from tests.servers.programs import Program
from tests.servers.saml import SamlServer, Wanted
from tests.servers.walking import Walker
from tests.site import ORIGIN, Site, submit

ACME = "acme"
DOMAIN = "acme.example"
ACS = f"{ORIGIN}/saml/{ACME}/acs"
PEOPLE: Mapping[str, Mapping[str, list[str]]] = {
    "ada": {
        "uid": ["ada"],
        "email": ["ada@acme.example"],
        "displayName": ["Ada Byron"],
        "groups": ["Everybody", "Acme Editors"],
    },
    "bob": {"uid": ["bob"], "email": ["bob@acme.example"], "groups": ["Everybody"]},
    "eve": {"uid": ["eve"], "email": ["eve@other.example"], "groups": ["Everybody"]},
    "ann": {"uid": ["ann"], "email": ["ann@example.org"], "groups": ["Everybody"]},
}


def saml_server(program: Program, base_url: str = ORIGIN) -> SamlServer:
    """Give an identity provider that knows this site."""
    at = f"{base_url}/saml/{ACME}"
    return SamlServer(program, Wanted(entity_id=f"{at}/metadata", acs=f"{at}/acs"), people=PEOPLE)


def saml_table(server: SamlServer, folder: Path, **more: object) -> dict[str, object]:
    """Give the settings of a connection to it, by the metadata that it gives itself."""
    file = folder / "acme-idp.xml"
    file.write_text(httpx.get(server.metadata).text)
    own = {"title": "Acme staff", "idp_metadata_file": str(file), "email_domains": (DOMAIN,), "trusts_email": True}
    return {**own, "groups": "groups", "roles": ("Acme Editors = editor",), **more}


async def prove_by_hand(at: Site | Coatcheck, provider: str = ACME, domain: str = DOMAIN) -> None:
    """Vouch for a domain, as `coatcheck provider prove-domain --by-hand` does."""
    await prove_domain(at.desk, Visit(), provider=provider, domain=domain, look_up=None, actor="operator")


async def ask_organisation(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    """Type an address into the sign-in page and press the organisation's button."""
    return await submit(browser, "/sign-in", "/sign-in/organisation", identifier=address)


def onward(answer: httpx.Response) -> str:
    """Give where a page of ours leads the browser next."""
    found = NEXT.search(answer.text)
    assert found is not None, answer.text
    return found[1].replace("&amp;", "&")


async def sign_in_there(browser: httpx.AsyncClient, address: str, name: str) -> httpx.Response:
    """Sign in at the company by a name, and come back."""
    async with Walker(ACS) as walker:
        page = await walker.open(address)
        arrived = await walker.press(page, "Login", {"username": name, "password": "secret"})
    return await come_back(browser, arrived)


async def leave_for_acme(browser: httpx.AsyncClient, query: str = "") -> str:
    """Leave for the company from a page of ours; give where it leads."""
    answer = await browser.get(f"/login/{ACME}{query}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def whoever(site: Site, browser: httpx.AsyncClient) -> Principal:
    """Ask as an app does who is behind the cookies of a browser."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return await site.auth.authenticate(Asked(cookies=cookies))


def problem_of(answer: httpx.Response) -> str:
    """Give what a page says was refused."""
    found = re.search(r'role="alert"[^>]*>.*?<span>([^<]+)</span>', answer.text, re.DOTALL)
    return found[1] if found else ""
