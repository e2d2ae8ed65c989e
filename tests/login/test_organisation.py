"""The way of a company's people: their address leads to where the company keeps them, once its domain is proven."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from coatcheck.admin.prove_domain import forget_domain
from coatcheck.admin.roles import create_role
from coatcheck.upstream.saml.strict_xml import one, parse
from coatcheck.visit import Visit
from tests.login.companies import (
    ACME,
    DOMAIN,
    ask_organisation,
    leave_for_acme,
    onward,
    problem_of,
    prove_by_hand,
    saml_server,
    saml_table,
    sign_in_there,
    whoever,
)
from tests.login.providers import BACK, NAME, come_back, linked, open_with, shown_step, submit_step, trouble_of, who
from tests.servers.others import OpenIdServer, Person, by_secret
from tests.servers.programs import Program
from tests.servers.saml import SamlServer
from tests.servers.walking import Walker
from tests.site import ORIGIN, PASSWORD, Site

STAFF = "staff.example"
"""The domain of the company that speaks OpenID Connect; the other one speaks SAML."""
NOBODY = "No organisation here has that address. Check it, or sign in another way."
METADATA = f"/saml/{ACME}/metadata"


def employee(name: str, *groups: str) -> Person:
    email = {"email": f"{name}@{STAFF}", "email_verified": True}
    return Person(claims={**email, "groups": groups})


@pytest.fixture(scope="module")
def staff(node_servers: Program) -> Iterator[OpenIdServer]:
    people = {"ina": employee("ina", "editors"), "jon": employee("jon")}
    with OpenIdServer(node_servers, people=people, clients=[by_secret("site", BACK)]) as running:
        yield running


@pytest.fixture(scope="module")
def acme(saml_program: Program) -> Iterator[SamlServer]:
    with saml_server(saml_program) as running:
        yield running


@asynccontextmanager
async def both(staff: OpenIdServer, acme: SamlServer, folder: Path, **more: dict[str, object]) -> AsyncIterator[Site]:
    """Open a site of two companies, one of each kind; strangers may not sign up."""
    own = {"email_domains": (STAFF,), "trusts_email": True, "groups": "groups", "roles": ("editors = editor",)}
    table = {**own, "checks_emails": False, "scopes": ("groups",), **more.get("oidc", {})}
    connections = {ACME: saml_table(acme, folder, **more.get("saml", {}))}
    async with open_with(staff, folder, table, saml=connections, site={"sign_up": False}) as opened:
        await create_role(opened.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
        yield opened


@pytest.fixture
async def companies(staff: OpenIdServer, acme: SamlServer, tmp_path: Path) -> AsyncIterator[Site]:
    async with both(staff, acme, tmp_path) as opened:
        await prove_by_hand(opened)
        await prove_by_hand(opened, NAME, STAFF)
        yield opened


async def come_in(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    """Sign in by SAML, from the address to the way back."""
    leaving = await ask_organisation(browser, f"{name}@{DOMAIN}")
    return await sign_in_there(browser, onward(leaving), name)


async def come_in_by_openid(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    leaving = await ask_organisation(browser, f"{name}@{STAFF}")
    async with Walker(BACK) as walker:
        arrived = await walker.sign_in(onward(leaving), name)
    return await come_back(browser, arrived)


async def test_an_address_leads_to_its_company(companies: Site, staff: OpenIdServer, acme: SamlServer) -> None:
    async with companies.browser() as browser:
        for address in (f"ina@{STAFF}", f"  Whoever@{STAFF.upper()} "):
            assert onward(await ask_organisation(browser, address)).startswith(f"{staff.url}/auth?")
        leaving = await ask_organisation(browser, f"ada@{DOMAIN}")
        assert onward(leaving).startswith(f"{acme.sign_in}?SAMLRequest=")
        assert "Continue to Acme staff" in leaving.text


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@", "ada@other.example", f"ada@sub.{DOMAIN}", f"ada@{DOMAIN}.evil.example", f"ada@x{DOMAIN}"],
)
async def test_other_addresses_lead_nowhere(companies: Site, address: str) -> None:
    async with companies.browser() as browser:
        answer = await ask_organisation(browser, address)
    assert (answer.status_code, problem_of(answer)) == (422, NOBODY)
    assert "location" not in answer.headers


async def test_somebody_new_gets_an_account_and_the_roles_of_their_groups(companies: Site) -> None:
    async with companies.browser() as browser:
        answer = await come_in(browser, "ada")
        assert answer.status_code == 303, answer.text
        assert await who(browser) == "ada@acme.example"
        assert await linked(browser) == [(ACME, "ada@acme.example")]
        assert (await whoever(companies, browser)).roles == {"editor"}
    async with companies.browser() as browser:
        await come_in(browser, "bob")
        assert (await whoever(companies, browser)).roles == set()


async def test_openid_connect_does_the_same(companies: Site) -> None:
    async with companies.browser() as browser:
        answer = await come_in_by_openid(browser, "ina")
        assert answer.status_code == 303, answer.text
        ina = await whoever(companies, browser)
        assert (ina.email, set(ina.roles)) == (f"ina@{STAFF}", {"editor"})
    async with companies.browser() as browser:
        await come_in_by_openid(browser, "jon")
        jon = await whoever(companies, browser)
        assert (jon.email, len(jon.roles)) == (f"jon@{STAFF}", 0)


async def test_who_comes_again_is_the_same_person(companies: Site) -> None:
    ids = set()
    for _ in range(2):
        async with companies.browser() as browser:
            await come_in(browser, "ada")
            ids.add((await browser.get("/api/session")).json()["account"]["id"])
    assert len(ids) == 1


async def test_an_unproven_domain_leads_nowhere_and_its_word_counts_for_nothing(
    staff: OpenIdServer, acme: SamlServer, tmp_path: Path
) -> None:
    async with both(staff, acme, tmp_path) as site, site.browser() as browser:
        assert problem_of(await ask_organisation(browser, f"ada@{DOMAIN}")) == NOBODY
        answer = await sign_in_there(browser, await leave_for_acme(browser), "ada")
        assert trouble_of(answer) == "no_proven_email"
        assert await who(browser) is None


async def test_a_domain_that_is_taken_back_counts_no_more(companies: Site) -> None:
    await forget_domain(companies.desk, Visit(), domain=DOMAIN, actor="operator")
    async with companies.browser() as browser:
        assert problem_of(await ask_organisation(browser, f"ada@{DOMAIN}")) == NOBODY
        assert trouble_of(await sign_in_there(browser, await leave_for_acme(browser), "ada")) == "no_proven_email"


async def test_a_company_speaks_for_its_own_domain_alone(companies: Site) -> None:
    """Whoever runs its identity provider can put any address into an answer."""
    await companies.person("ann@example.org")
    for name in ("eve", "ann"):
        async with companies.browser() as browser:
            answer = await sign_in_there(browser, await leave_for_acme(browser), name)
            assert trouble_of(answer) == "no_proven_email"
            assert await who(browser) is None


async def test_the_owner_of_an_account_proves_it_before_it_is_the_companys(companies: Site) -> None:
    await companies.person("ada@acme.example")
    async with companies.browser() as browser:
        step = await shown_step(browser, await come_in(browser, "ada"))
        assert await who(browser) is None
        await submit_step(browser, step, factor="password", password=PASSWORD)
        assert await who(browser) == "ada@acme.example"
        assert await linked(browser) == [(ACME, "ada@acme.example")]


async def test_a_connection_that_makes_no_accounts(staff: OpenIdServer, acme: SamlServer, tmp_path: Path) -> None:
    async with both(staff, acme, tmp_path, saml={"makes_accounts": False}) as site, site.browser() as browser:
        await prove_by_hand(site)
        assert trouble_of(await come_in(browser, "ada")) == "no_account"


async def test_our_metadata_say_where_answers_go(companies: Site, staff: OpenIdServer) -> None:
    async with companies.machine() as nobody:
        answer = await nobody.get(METADATA)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/samlmetadata+xml")
        assert "set-cookie" not in answer.headers
        root = parse(answer.content)
        acs = one(one(root, "md:SPSSODescriptor"), "md:AssertionConsumerService").get("Location")
        assert (root.get("entityID"), acs) == (f"{ORIGIN}{METADATA}", f"{ORIGIN}/saml/{ACME}/acs")
        for other in (NAME, "nobody", "..", "a" * 200):
            assert (await nobody.get(f"/saml/{other}/metadata")).status_code == 404
        assert (await nobody.post(METADATA)).status_code == 405


async def test_our_metadata_are_what_the_request_names(companies: Site, acme: SamlServer) -> None:
    """The company looks us up by the name in the request, so it shows its form where both are the same."""
    async with companies.browser() as browser, Walker(f"{ORIGIN}/saml/{ACME}/acs") as walker:
        page = await walker.open(await leave_for_acme(browser))
    assert urlsplit(str(page.url)).netloc == urlsplit(acme.url).netloc
    assert "username" in page.text
