"""Who asks for what they may not do is written down: at the console, and where an app's own routes demand something."""

from sqlalchemy import select

from coatcheck.storage.tables.audit import audit_tallies
from tests.integrations.test_frameworks import PAGE, Mounted, enter, mounted
from tests.site import Site

__all__ = ["mounted"]


async def counted(site: Site) -> list[tuple[str, str | None, str, int]]:
    """Give what was counted."""
    columns = (audit_tallies.c.event, audit_tallies.c.account, audit_tallies.c.address, audit_tallies.c.count)
    async with site.desk.database.reading() as db:
        return [(row[0], row[1], row[2], row[3]) for row in await db.execute(select(*columns))]


async def test_at_the_console(site: Site) -> None:
    ann = await site.person()
    browser = await site.signed_in()
    for path in ("/admin", "/admin/audit", f"/admin/accounts/{ann.id}"):
        assert (await browser.get(path)).status_code == 403
    assert await counted(site) == [("access.refused", ann.id, "203.0.113.7", 3)]


async def test_nobody_and_administrators_leave_no_trace(site: Site) -> None:
    await site.browser().get("/admin")
    await (await site.administrator()).get("/admin")
    assert await counted(site) == []


async def test_in_an_app(mounted: Mounted) -> None:
    ann = await mounted.site.person()
    await enter(mounted)
    for headers in ({}, PAGE):
        assert (await mounted.browser.delete("/notes", headers=headers)).json()["code"] == "not_allowed"
    assert await counted(mounted.site) == [("access.refused", ann.id, "203.0.113.7", 2)]
