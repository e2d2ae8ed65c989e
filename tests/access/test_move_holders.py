"""A role's holders are moved a batch at a time, each in its place, and everybody once."""

from collections import Counter

from sqlalchemy import select

from coatcheck.access import records as access
from coatcheck.access.move_holders import BATCH, move_holders
from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import parse_email
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.storage.tables.revocation import revocation_log, status_indices
from coatcheck.visit import Visit
from tests.site import Site
from tests.statements import statements

CROWD = 2 * BATCH + 50


async def crowd_of_editors(site: Site) -> set[str]:
    """Make a role with many holders."""
    async with site.desk.database.writing() as tx:
        await access.insert_role(tx, "editor", site.desk.now())
        people = [
            await accounts.insert_account(tx, parse_email(f"p{number}@example.org"), None, site.desk.now())
            for number in range(CROWD)
        ]
        for person in people:
            await access.assign(tx, person.id, "editor", site.desk.now())
    return {person.id for person in people}


async def moved(site: Site) -> Counter[str]:
    """Count the news of each account in the log."""
    query = select(revocation_log.c.account).where(revocation_log.c.kind == "moved", revocation_log.c.owner == "")
    async with site.desk.database.reading() as db:
        return Counter(row[0] for row in await db.execute(query))


async def test_a_crowd_is_moved_in_batches(every_site: Site) -> None:
    crowd = await crowd_of_editors(every_site)
    with statements() as seen:
        await create_role(every_site.desk, Visit(), role="editor", permissions=["notes:paint"], actor="operator")
    assert await moved(every_site) == Counter(crowd)
    appended = [statement for statement in seen if statement.startswith("UPDATE revocation_head")]
    assert len(appended) == 3, "one transaction a batch"


async def test_an_interrupted_change_is_finished_by_making_it_again(site: Site) -> None:
    crowd = await crowd_of_editors(site)
    async with site.desk.database.writing() as tx:
        await access.insert_permission(tx, "editor", "notes:paint")
    assert await moved(site) == {}
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:paint"], actor="operator")
    assert await moved(site) == Counter(crowd)


async def test_a_holders_session_gets_another_index(site: Site) -> None:
    ann = await site.person(password=None)
    await create_role(site.desk, Visit(), role="editor", permissions=[], actor="operator")
    await grant_role(site.desk, Visit(), account=ann.id, role="editor", actor="operator")
    session = (await site.let_in(ann)).session.id
    await move_holders(site.desk, "editor")
    query = select(status_indices.c.ended_at.is_(None)).where(status_indices.c.owner == session)
    async with site.desk.database.reading() as db:
        assert sorted(row[0] for row in await db.execute(query)) == [False, True]
