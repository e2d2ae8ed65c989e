"""Attack 80: better-auth #9991: a stale signed cookie cache overrides a revoked session or a changed authority.

There the cookie itself says what the person may do, until it runs out. Here the cookie is a random value that says
nothing; what was read for it is kept in memory only while the revocation log was read within the bound, is dropped by
the log's own rows, and a role that is taken away is gone with the next request.
"""

from datetime import timedelta

from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.visit import Visit
from tests.attacks.workers import another_worker
from tests.site import Site


async def test_a_role_taken_away_is_gone_with_the_next_request(site: Site) -> None:
    account = await site.person()
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
    await grant_role(site.desk, Visit(), account=account.id, role="editor", actor="operator")
    browser = await site.signed_in()
    assert (await browser.get("/api/session")).json()["permissions"] == ["notes:delete"]
    await revoke_role(site.desk, Visit(), account=account.id, role="editor", actor="operator")
    after = (await browser.get("/api/session")).json()
    assert (after["roles"], after["permissions"]) == ([], [])


async def test_another_worker_hears_of_it(site: Site) -> None:
    account = await site.person()
    browser = await site.signed_in()
    async with another_worker(site) as other:
        there = other.browser()
        there.cookies.update(browser.cookies)
        assert (await there.get("/api/session")).json()["roles"] == []
        await create_role(site.desk, Visit(), role="editor", permissions=[], actor="operator")
        await grant_role(site.desk, Visit(), account=account.id, role="editor", actor="operator")
        await other.follow_log()
        assert (await there.get("/api/session")).json()["roles"] == ["editor"]


async def test_a_role_that_allows_more_is_heard_of(site: Site) -> None:
    """Nobody was told: who was signed in went on without the new permission until the session's end."""
    account = await site.person()
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
    await grant_role(site.desk, Visit(), account=account.id, role="editor", actor="operator")
    browser = await site.signed_in()
    async with another_worker(site) as other:
        there = other.browser()
        there.cookies.update(browser.cookies)
        for one in (browser, there):
            assert (await one.get("/api/session")).json()["permissions"] == ["notes:delete"]
        await create_role(site.desk, Visit(), role="editor", permissions=["notes:paint"], actor="operator")
        await other.follow_log()
        for one in (browser, there):
            assert (await one.get("/api/session")).json()["permissions"] == ["notes:delete", "notes:paint"]


async def test_nothing_is_served_from_memory_past_the_bound(site: Site) -> None:
    """The log is not read any more here, as when its reader has died: what is kept counts for nothing."""
    await site.person()
    browser = await site.signed_in()
    async with another_worker(site) as deaf:
        there = deaf.browser()
        there.cookies.update(browser.cookies)
        assert (await there.get("/api/session")).status_code == 200
        assert (await browser.post("/api/sign-out", json={})).status_code == 204
        site.clock.advance(site.desk.settings.revocation.bound + timedelta(milliseconds=1))
        assert (await there.get("/api/session")).json()["code"] == "session_ended"


async def test_the_cookie_says_nothing(site: Site) -> None:
    await site.person()
    cookie = (await site.signed_in()).cookies["__Host-coatcheck"]
    changed = site.browser()
    for place in range(len(cookie)):
        other = "A" if cookie[place] != "A" else "B"
        near = (cookie[:place] + other + cookie[place + 1 :], cookie[: place + 1] if place < 31 else cookie + other)
        for value in near:  # one character changed, cut off (attack 19), or added
            changed.cookies.set("__Host-coatcheck", value, domain="auth.example.org")
            assert (await changed.get("/api/session")).status_code == 401
