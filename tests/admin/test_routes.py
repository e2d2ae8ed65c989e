"""The administrators' console is for them alone: its pages, its actions, and the trail page by page."""

import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape

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
    admin, person = await site.administrator(), await site.person(password=None)
    for _ in range(60):
        site.clock.advance(timedelta(seconds=1))
        await site.let_in(person)
    page = await admin.get("/admin/audit", params={"event": "sign_in.done"})
    assert "Older events" in page.text
    older = re.search(r'href="([^"]*before=[^"]*)"', page.text)
    assert older is not None
    last = await admin.get(unescape(older[1]))
    assert last.status_code == 200
    assert "Older events" not in last.text, "sixty-one fit on two pages"
    assert "Signed in" in last.text or "sign_in.done" in last.text
