"""Attack 85: CVE-2020-36191, JupyterHub: a state-changing request without the `_xsrf` field is accepted.

Here every form, found by asking the rooms for their routes, is refused without its token, with a wrong one and with
another browser's; and every unsafe call is refused when the browser says that another site caused it. Nothing changes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from starlette.routing import Route

from coatcheck.admin import routes as admin
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.ending import routes as ending
from coatcheck.login import routes as login
from coatcheck.my_account import routes as my_account
from coatcheck.recovery import routes as recovery
from coatcheck.signup import routes as signup
from coatcheck.upstream.round_trips import is_answer_of_provider
from coatcheck.visit import Visit
from coatcheck.ways_in import routes as ways_in
from tests.attacks.census import what_is_kept
from tests.site import FORM_TOKEN, PASSWORD, Site, open_site

ROOMS = (login, signup, recovery, ending, my_account, ways_in, admin)
PROVIDERS = {"github": {"client_id": "1", "client_secret": "2"}}
FIELDS = {
    "identifier": "ann@example.org",
    "email": "new@example.org",
    "new_email": "new@example.org",
    "password": PASSWORD,
    "new_password": "other words entirely now",
    "role": "editor",
    "action": "grant",
    "everywhere": "true",
}
FOREIGN: tuple[dict[str, str | None], ...] = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": None, "origin": "https://evil.example"},
    {"sec-fetch-site": None, "origin": "null"},
    {"sec-fetch-site": None, "origin": "https://auth.example.org.evil.example"},
    {"sec-fetch-site": None, "origin": "http://auth.example.org"},
)
WITHOUT_PASSWORDS = {route.path for route in recovery.open_again_pages if "POST" in (route.methods or ())}
KEPT = (
    *("accounts", "passwords", "sessions", "sign_ups", "email_changes", "recovery_links", "role_assignments"),
    "api_keys",
)


def forms() -> Iterator[str]:
    """List the address of every form; a provider's answer is none, and is only parked."""
    for room in ROOMS:
        for listed in vars(room).values():
            for route in listed if isinstance(listed, list) else ():
                if isinstance(route, Route) and "POST" in (route.methods or ()):
                    path = route.path.replace("{provider}", "github")
                    if not is_answer_of_provider(path):
                        yield path


async def admin_browser(site: Site) -> tuple[httpx.AsyncClient, str, str]:
    """Sign in an administrator: the one person to whom every form is open."""
    account = await site.person()
    await create_role(site.desk, Visit(), role="admin", permissions=[], actor="operator")
    await create_role(site.desk, Visit(), role="editor", permissions=[], actor="operator")
    await grant_role(site.desk, Visit(), account=account.id, role="admin", actor="operator")
    browser, victim = await site.signed_in(), await site.person("ben@example.org")
    session = (await browser.get("/api/session")).json()["session"]["id"]
    return browser, victim.id, session


def test_the_forms_are_found() -> None:
    found = set(forms())
    assert {"/sign-in", "/sign-up", "/sign-out", "/recover", "/account/password", "/account/close"} <= found
    assert len(found) >= 15


async def test_a_form_without_its_token_is_refused(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, providers=PROVIDERS) as site:
        await _refuses_every_form(site)


async def test_so_are_those_of_a_site_without_passwords(tmp_path: Path) -> None:
    more: dict[str, Any] = {"passwords": {"enabled": False}, "sign_in": {"email_codes": True}}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, **more) as site:
        browser = site.browser()
        await browser.get("/sign-in")
        for path in WITHOUT_PASSWORDS:
            assert (await browser.post(path, data=FIELDS)).status_code == 403, path


async def _refuses_every_form(site: Site) -> None:
    browser, account, session = await admin_browser(site)
    anothers = FORM_TOKEN.search((await site.browser().get("/sign-in")).text)
    assert anothers is not None
    await browser.get("/account")
    before = await what_is_kept(site, *KEPT)
    for path in set(forms()) - WITHOUT_PASSWORDS:
        named = {"account": account, "session": session, "passkey": "psk_x", "identity": "idn_x", "browser": "trb_x"}
        named["key"] = "key_x"
        address = path.format(**named)
        for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": anothers[1]}):
            answer = await browser.post(address, data={**FIELDS, **token})
            assert answer.status_code == 403, (path, token)
        assert await what_is_kept(site, *KEPT) == before, path


async def test_a_call_that_another_site_caused_is_refused(site: Site) -> None:
    browser, _, session = await admin_browser(site)
    calls = [
        (method.upper(), path.replace("{session}", session))
        for path, methods in (await browser.get("/api/openapi.json")).json()["paths"].items()
        for method in methods
        if method.upper() not in ("GET", "HEAD", "OPTIONS")
    ]
    assert len(calls) >= 10
    before = await what_is_kept(site, *KEPT)
    for foreign in FOREIGN:
        for method, path in calls:
            answer = await browser.send(_caused_by(foreign, browser.build_request(method, path, json=FIELDS)))
            refusal = (answer.status_code, answer.json()["code"])
            assert refusal == (403, "cross_site_refused"), (method, path, foreign)
    assert await what_is_kept(site, *KEPT) == before


def _caused_by(foreign: dict[str, str | None], request: httpx.Request) -> httpx.Request:
    """Put the headers on a request that a browser sends for a page of another site."""
    for name, value in foreign.items():
        request.headers.pop(name, None)
        if value is not None:
            request.headers[name] = value
    return request


async def test_signing_in_is_refused_too_although_nobody_is_signed_in(site: Site) -> None:
    """Else another site could sign the victim in to the attacker's account, and read what the victim writes there."""
    await site.person()
    victim = site.browser(headers={"sec-fetch-site": "cross-site"})
    answer = await victim.post("/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)
