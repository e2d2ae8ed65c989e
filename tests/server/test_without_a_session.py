"""Every route of ours, asked with an API key and with a service's token: what has no session does nothing here.

The routes are those that the rooms have, so one that is added later is asked too. Whoever needs a person asks by
`principal_of`, whoever needs a service by `service_of`; that there is no third way is seen to in
`tests/house/test_who_asks.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import pytest

from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import create_role, grant_role
from tests.api_keys.making import editor, key_of, presenting
from tests.attacks.census import row_counts
from tests.clients.machines import machine
from tests.gate.test_bearer import BODIES, PARAMETER
from tests.site import VISIT, Site, open_site
from tools.make_map import addresses

TAKE_KEYS = {("GET", "/api/session")}
"""The one route of ours that says what a key is; `/verify` and introspection take one from a proxy or a service."""

SERVICES_OWN = {("GET", "/status/feed"), ("POST", "/status/ack")}
"""For a service, by a token of its own."""

BY_THEIR_OWN = {("GET", "/api/token/renew"), ("GET", "/token/renew")}
"""By a cookie of its own alone: who presents another thing is nobody there, as who presents nothing is."""

WRITES = {"audit_tallies", "ephemeral"}
"""That it was refused is counted; so is each portion of a key's uses."""


@cache
def listed() -> list[tuple[str, str]]:
    """Give method and path of every route: the rooms', and the one that the entrance answers by itself."""
    return sorted({(address.method, address.path) for address in addresses()} | TAKE_KEYS)


@dataclass(frozen=True)
class Owners:
    """Hold what is presented: keys of an administrator and of a service, with all that they may, and its token."""

    of_root: str
    of_service: str
    token: str


async def owners(site: Site) -> Owners:
    """Make them."""
    root, service = await editor(site), await machine(site)
    await create_role(site.desk, VISIT, role=ADMIN, permissions=("people:lock",), actor="operator")
    await grant_role(site.desk, VISIT, account=root.id, role=ADMIN, actor="operator")
    of_root = await key_of(site, root.id, "notes:read", "notes:write", "people:lock")
    of_service = await key_of(site, service.id, "notes:read", "notes:write")
    return Owners(of_root.secret.reveal(), of_service.secret.reveal(), await service.token())


async def answers(
    site: Site, presented: str | None, routes: Iterable[tuple[str, str]] = ()
) -> dict[tuple[str, str], httpx.Response]:
    """Ask some routes, or every one."""
    found = {}
    for method, path in routes or listed():
        # No browser, so that nothing is decided by what browsers send; and no jar, so that nothing is kept.
        async with site.machine() as program:
            headers = {} if presented is None else presenting(presented)
            body = {"json": BODIES.get(path, {})} if path.startswith("/api/") else {"data": {"a": "b"}}
            more = body if method in ("POST", "PUT", "PATCH") else {}
            found[method, path] = await program.request(method, PARAMETER.sub("x", path), headers=headers, **more)
    return found


def asks_who(answer: httpx.Response) -> bool:
    """Tell whether a route asks who is there: nobody is refused, or led to where people sign in."""
    leads_on = answer.headers.get("location", "").partition("?")[0].endswith(("/sign-in", "/token/renew"))
    return answer.status_code == 401 or (answer.status_code == 303 and leads_on)


def expected(
    route: tuple[str, str], persons: set[tuple[str, str]], nobody: httpx.Response, *, is_token: bool
) -> tuple[int, ...]:
    """Give how a route may answer what has no session, by how it answers nobody."""
    if route not in persons:
        return (nobody.status_code, 403)
    if route[1].startswith("/oauth/"):
        # A service is known by its token at some of them; the form here names none to tell about.
        return (400, 401) if is_token else (401,)
    return (403,)


async def test_none_acts_as_a_person(site: Site) -> None:
    held, nobody = await owners(site), await answers(site, None)
    persons = {route for route, answer in nobody.items() if asks_who(answer)}
    persons -= TAKE_KEYS | SERVICES_OWN | BY_THEIR_OWN
    assert len(persons) > 60, "the walk finds the routes that ask who is there"
    before = await row_counts(site)
    for presented in (held.of_root, held.token):
        let_through = {}
        for route, answer in (await answers(site, presented)).items():
            allowed = expected(route, persons, nobody[route], is_token=presented == held.token)
            if route not in TAKE_KEYS | SERVICES_OWN and answer.status_code not in allowed:
                let_through[route] = (answer.status_code, answer.text[:100])
        assert let_through == {}
    after = await row_counts(site)
    assert {name for name in after if after[name] != before[name]} <= WRITES


async def test_a_key_says_whose_it_is_and_nothing_else(site: Site) -> None:
    held = await owners(site)
    for presented in (held.of_root, held.of_service):
        walked = await answers(site, presented, TAKE_KEYS | SERVICES_OWN)
        assert {route for route in SERVICES_OWN if walked[route].status_code != 403} == set()
        assert {walked[route].status_code for route in TAKE_KEYS} == {200}
    walked = await answers(site, held.token, SERVICES_OWN)
    assert walked["GET", "/status/feed"].status_code == 422, "a token of its own is let in, and asked for a position"


@pytest.mark.parametrize("personal", [True, False])
async def test_where_people_have_none_there_are_no_addresses_for_them(
    sqlite_ready: str, tmp_path: Path, personal: bool
) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"personal": personal}) as site:
        await site.person()
        browser = await site.signed_in()
        found = 200 if personal else 404
        assert (await browser.get("/api/api-keys")).status_code == found
        assert (await browser.get("/account/api-keys")).status_code == found
        assert ("/account/api-keys" in (await browser.get("/account")).text) is personal
