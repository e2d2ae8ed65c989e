"""The administrators' console is for them alone: its pages, its actions, and the trail page by page."""

from collections.abc import Mapping

import pytest

from coatcheck.access import records as access
from tests.site import Site, submit

PAGES = ("/admin", "/admin/audit", "/admin/accounts/{id}")


@pytest.mark.parametrize("path", PAGES)
async def test_only_for_administrators(site: Site, path: str) -> None:
    person = await site.person()
    path = path.format(id=person.id)
    assert (await site.browser().get(path)).status_code == 303
    assert (await (await site.signed_in()).get(path)).status_code == 403
    assert (await (await site.administrator()).get(path)).status_code == 200


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


async def test_the_trail_pages(site: Site) -> None:
    admin = await site.administrator()
    for _ in range(60):
        await admin.post("/api/sign-in", json={"identifier": "nobody@example.org", "password": "x"})
        site.clock.advance(timedelta(hours=2))
        await site.follow_log()
        admin = await site.signed_in("root@example.org") if (await admin.get("/api/session")).status_code else admin
    page = await admin.get("/admin/audit", params={"event": "sign_in.done"})
    assert "Older events" in page.text
