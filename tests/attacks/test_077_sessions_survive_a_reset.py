"""Attack 77: CVE-2023-40273, Airflow: sessions survive a password reset by an administrator.

Whoever stole a session keeps it when the owner, or an administrator, throws everybody out. Here recovery, an
administrator's lock and "end all" end every session, and a password change every other one, also those that were
checked a moment ago and are in memory.
"""

import httpx
import pytest

from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.visit import Visit
from tests.attacks.workers import another_worker
from tests.site import PASSWORD, Site

NEW_PASSWORD = "other words entirely now"


async def recover(site: Site, thief: httpx.AsyncClient, owner: httpx.AsyncClient, account: str) -> None:
    visitor = site.browser(address="198.51.100.1")
    await visitor.post("/api/recover", json={"email": "ann@example.org"})
    body = {"token": await site.token("ann@example.org"), "new_password": NEW_PASSWORD}
    assert (await visitor.post("/api/recover/new-password", json=body)).status_code == 204


async def change_password(site: Site, thief: httpx.AsyncClient, owner: httpx.AsyncClient, account: str) -> None:
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await owner.post("/api/account/password", json=body)).status_code == 204


async def lock_and_unlock(site: Site, thief: httpx.AsyncClient, owner: httpx.AsyncClient, account: str) -> None:
    await lock_account(site.desk, Visit(), account=account, actor="operator")
    await unlock_account(site.desk, Visit(), account=account, actor="operator")


async def end_all(site: Site, thief: httpx.AsyncClient, owner: httpx.AsyncClient, account: str) -> None:
    await end_sessions(site.desk, Visit(), account=account, actor="operator")


@pytest.mark.parametrize("reset", [recover, change_password, lock_and_unlock, end_all])
async def test_a_stolen_session_is_over(site: Site, reset: object) -> None:
    account = await site.person()
    thief, owner = await site.signed_in(address="198.51.100.66"), await site.signed_in()
    assert (await thief.get("/api/session")).status_code == 200, "it is in memory now"
    await reset(site, thief, owner, account.id)  # type: ignore[operator]
    answer = await thief.get("/api/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_another_worker_refuses_it_once_it_has_read_the_log(site: Site) -> None:
    await site.person()
    thief, owner = await site.signed_in(), await site.signed_in()
    async with another_worker(site) as other:
        there = other.browser()
        there.cookies.update(thief.cookies)
        assert (await there.get("/api/session")).status_code == 200
        await change_password(site, thief, owner, "")
        await other.follow_log()
        assert (await there.get("/api/session")).json()["code"] == "session_ended"


@pytest.mark.parametrize("reset", [recover, change_password])
async def test_the_owner_is_told_by_mail(site: Site, reset: object) -> None:
    """Whoever did it: a thief who resets the password cannot do so unseen."""
    account = await site.person()
    owner = await site.signed_in()
    await reset(site, owner, owner, account.id)  # type: ignore[operator]
    assert any("was changed" in mail.subject for mail in await site.mails("ann@example.org"))
