"""Attack 124: CVE-2026-9798, Keycloak: a locked account is still usable through another flow.

Each flow looked at the lock by itself, and one forgot. Here locking ends the sessions, raises the account's epoch,
which voids whatever is pending, and the one door locks the account's row and looks at its status; so every way in that
there is, tried below, ends at it.
"""

import pytest

from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.visit import Visit
from tests.attacks.census import row_counts
from tests.site import PASSWORD, Site, sign_in, submit

NEW_PASSWORD = "other words entirely now"
LOCKED = ("ann@example.org", "ann")


@pytest.fixture
async def account(site: Site) -> str:
    return (await site.person(username="ann")).id


async def lock(site: Site, account: str) -> None:
    await lock_account(site.desk, Visit(), account=account, actor="operator")


async def test_no_name_and_no_form_signs_in(site: Site, account: str) -> None:
    begun = (await site.browser().post("/api/sign-in", json={"identifier": "ann"})).json()
    await lock(site, account)
    for name in LOCKED:
        assert (await sign_in(site.browser(), name, PASSWORD)).json()["code"] == "invalid_credentials"
    form = await submit(site.browser(), "/sign-in", "/sign-in", identifier="ann", password=PASSWORD)
    assert form.status_code == 401
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    assert (await site.browser().post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).status_code == 401
    assert (await row_counts(site))["sessions"] == 0


async def test_a_session_of_before_does_nothing_any_more(site: Site, account: str) -> None:
    browser = await site.signed_in()
    await browser.get("/api/session")
    await lock(site, account)
    calls = [
        ("GET", "/api/session", None),
        ("GET", "/api/sessions", None),
        ("DELETE", "/api/sessions", None),
        ("POST", "/api/account/password", {"password": PASSWORD, "new_password": NEW_PASSWORD}),
        ("POST", "/api/account/email", {"password": PASSWORD, "new_email": "new@example.org"}),
        ("POST", "/api/account/close", {"password": PASSWORD}),
    ]
    for method, path, body in calls:
        answer = await browser.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended"), path


async def test_no_link_of_before_or_after_helps(site: Site, account: str) -> None:
    browser = await site.signed_in()
    await browser.post("/api/account/email", json={"password": PASSWORD, "new_email": "new@example.org"})
    change = await site.token("new@example.org")
    await site.browser().post("/api/recover", json={"email": "ann@example.org"})
    recovery = await site.token("ann@example.org")
    await lock(site, account)

    new_password = {"token": recovery, "new_password": NEW_PASSWORD}
    assert (await browser.post("/api/recover/new-password", json=new_password)).status_code == 410
    assert (await browser.post("/api/account/email/confirm", json={"token": change})).status_code == 401
    before = len(await site.mails())
    assert (await site.browser().post("/api/recover", json={"email": "ann@example.org"})).status_code == 202
    assert len(await site.mails()) == before, "nothing is mailed to a locked account"

    await unlock_account(site.desk, Visit(), account=account, actor="operator")
    back = await site.signed_in("ann")
    assert (await back.post("/api/recover/new-password", json=new_password)).status_code == 410
    assert (await back.post("/api/account/email/confirm", json={"token": change})).status_code == 410


async def test_signing_up_again_does_not_help(site: Site, account: str) -> None:
    await lock(site, account)
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": NEW_PASSWORD})
    assert (await site.mails("ann@example.org"))[0].subject.startswith("You already have an account")
    assert (await sign_in(site.browser(), "ann@example.org", NEW_PASSWORD)).status_code == 401
