"""The administrators' console: only for them; find, lock, unlock, end, roles, the trail, and the first of them."""

from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest

from coatcheck.access import records as access
from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.admin.set_up import offer_set_up
from coatcheck.visit import Visit
from tests.site import PASSWORD, Site, sign_in, submit

PAGES = ("/admin", "/admin/audit", "/admin/accounts/{id}")


async def administrator(site: Site) -> httpx.AsyncClient:
    root = await site.person("root@example.org")
    await create_role(site.desk, Visit(), role=ADMIN, permissions=[], actor="operator")
    await grant_role(site.desk, Visit(), account=root.id, role=ADMIN, actor="operator")
    return await site.signed_in("root@example.org")


@pytest.mark.parametrize("path", PAGES)
async def test_only_for_administrators(site: Site, path: str) -> None:
    person = await site.person()
    path = path.format(id=person.id)
    assert (await site.browser().get(path)).status_code == 303
    assert (await (await site.signed_in()).get(path)).status_code == 403
    assert (await (await administrator(site)).get(path)).status_code == 200


ACTIONS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("lock", {}),
    ("unlock", {}),
    ("end-sessions", {}),
    ("roles", {"role": "admin", "action": "grant"}),
)


@pytest.mark.parametrize(("action", "fields"), ACTIONS)
async def test_only_administrators_act(site: Site, action: str, fields: Mapping[str, str]) -> None:
    person = await site.person()
    browser = await site.signed_in()
    answer = await submit(browser, "/account", f"/admin/accounts/{person.id}/{action}", **fields)
    assert answer.status_code == 403
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, person.id) == []


async def test_find(site: Site) -> None:
    admin = await administrator(site)
    await site.person(username="ann")
    assert "ann@example.org" in (await admin.get("/admin", params={"q": "ANN"})).text
    assert "ann@example.org" not in (await admin.get("/admin", params={"q": "nn"})).text
    assert "ann@example.org" not in (await admin.get("/admin", params={"q": "%"})).text, "a wildcard is a letter here"


async def test_lock_unlock_and_end(site: Site) -> None:
    admin, person = await administrator(site), await site.person()
    page = f"/admin/accounts/{person.id}"
    ann = await site.signed_in()
    assert (await submit(admin, page, f"{page}/lock")).status_code == 303
    assert (await ann.get("/api/session")).json()["code"] == "session_ended"
    assert (await sign_in(ann, "ann@example.org", PASSWORD)).status_code == 401
    assert (await submit(admin, page, f"{page}/unlock")).status_code == 303
    ann, other = await site.signed_in(), await site.signed_in()
    target = (await ann.get("/api/session")).json()["session"]["id"]
    await submit(admin, page, f"{page}/sessions/{target}/end")
    assert [(await browser.get("/api/session")).status_code for browser in (ann, other)] == [401, 200]
    await submit(admin, page, f"{page}/end-sessions")
    assert (await other.get("/api/session")).status_code == 401


async def test_unlocking_lifts_the_limits(site: Site) -> None:
    admin, person = await administrator(site), await site.person()
    stranger = site.browser(address="198.51.100.77")
    for _ in range(6):
        last = await sign_in(stranger, "ann@example.org", "wrong in every way")
    assert last.status_code == 429
    page = f"/admin/accounts/{person.id}"
    await submit(admin, page, f"{page}/lock")
    await submit(admin, page, f"{page}/unlock")
    assert (await sign_in(stranger, "ann@example.org", PASSWORD)).status_code == 200


async def test_roles(site: Site) -> None:
    admin, person = await administrator(site), await site.person()
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
    ann, page = await site.signed_in(), f"/admin/accounts/{person.id}"
    await submit(admin, page, f"{page}/roles", role="editor", action="grant")
    assert (await ann.get("/api/session")).json()["permissions"] == ["notes:delete"], "in this process at once"
    await submit(admin, page, f"{page}/roles", role="editor", action="revoke")
    assert (await ann.get("/api/session")).json()["roles"] == []
    assert (await submit(admin, page, f"{page}/roles", role="nothing", action="grant")).status_code == 422


async def test_an_administrator_cannot_lock_themselves_out(site: Site) -> None:
    admin = await administrator(site)
    me = (await admin.get("/api/session")).json()["account"]["id"]
    page = f"/admin/accounts/{me}"
    assert (await submit(admin, page, f"{page}/lock")).status_code == 409
    assert (await submit(admin, page, f"{page}/roles", role="admin", action="revoke")).status_code == 422
    assert (await admin.get("/admin")).status_code == 200


async def test_the_trail_pages(site: Site) -> None:
    admin = await administrator(site)
    for _ in range(60):
        await admin.post("/api/sign-in", json={"identifier": "nobody@example.org", "password": "x"})
        site.clock.advance(timedelta(hours=2))
        await site.follow_log()
        admin = await site.signed_in("root@example.org") if (await admin.get("/api/session")).status_code else admin
    page = await admin.get("/admin/audit", params={"event": "sign_in.done"})
    assert "Older events" in page.text


async def test_set_up_makes_the_first_administrator_once(site: Site) -> None:
    first, second = await offer_set_up(site.desk), await offer_set_up(site.desk)
    assert first is not None
    assert second is not None
    browser = site.browser()
    assert (await browser.get(f"/admin/set-up?token={first.reveal()}")).status_code == 410, "a newer one replaced it"
    fields = {"token": second.reveal(), "email": "root@example.org", "password": PASSWORD}
    page = f"/admin/set-up?token={second.reveal()}"
    weak = await submit(browser, page, "/admin/set-up", **{**fields, "password": "short"})
    assert weak.status_code == 422, "a password that is not taken costs no link"
    assert (await submit(browser, page, "/admin/set-up", **fields)).status_code == 303
    assert (await browser.get(page)).status_code == 410
    assert await offer_set_up(site.desk) is None
    assert (await browser.get("/api/session")).status_code == 401, "setting up signs nobody in"
    await sign_in(browser, "root@example.org", PASSWORD)
    assert (await browser.get("/admin")).status_code == 200


async def test_a_set_up_link_runs_out(site: Site) -> None:
    link = await offer_set_up(site.desk)
    assert link is not None
    site.clock.advance(timedelta(hours=1, seconds=1))
    assert (await site.browser().get(f"/admin/set-up?token={link.reveal()}")).status_code == 410
