"""A role is deleted: nobody has it any more, and nobody is left who says so."""

import pytest

from coatcheck.access import records as access
from coatcheck.admin.delete_role import delete_role
from coatcheck.admin.inherit_role import disinherit_role, inherit_role
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, NotFound
from coatcheck.gate.cookie import check_cookie
from coatcheck.storage.tables.access import role_assignments
from tests.attacks.census import row_counts
from tests.site import VISIT, Site

CROWD = 120  # more than one batch


async def delete(site: Site, role: str) -> int:
    return await delete_role(site.desk, VISIT, role=role, actor="operator")


async def test_its_holders_have_it_no_more(every_site: Site) -> None:
    site = every_site
    ann = await site.person(password=None)
    await create_role(site.desk, VISIT, role="reader", permissions=["notes:read"], actor="operator")
    await create_role(
        site.desk, VISIT, role="editor", permissions=["notes:write"], inherits=["reader"], actor="operator"
    )
    for role in ("reader", "editor"):
        await grant_role(site.desk, VISIT, account=ann.id, role=role, actor="operator")
    cookie = (await site.let_in(ann)).secret.reveal()
    assert (await check_cookie(site.desk, cookie)).permissions == {"notes:read", "notes:write"}
    assert await delete(site, "editor") == 1
    assert (await check_cookie(site.desk, cookie)).permissions == {"notes:read"}
    async with site.desk.database.reading() as db:
        assert await access.list_roles(db) == [("reader", ["notes:read"])]
        assert (await access.reach_of_all(db), await access.parents_of_all(db)) == ({("reader", "reader")}, {})
    revoked, removed = [(await show(site.desk, event=event))[0] for event in ("role.revoked", "role.removed")]
    assert (revoked.account, revoked.details) == (ann.id, {"role": "editor", "deleted": True})
    assert (removed.actor, removed.details) == ("operator", {"role": "editor"})


async def test_a_crowd_goes_in_batches(site: Site) -> None:
    await create_role(site.desk, VISIT, role="editor", permissions=[], actor="operator")
    people = [await site.person(f"p{number}@example.org", password=None) for number in range(CROWD)]
    async with site.desk.database.writing() as tx:
        rows = [{"account": person.id, "role": "editor", "granted_at": site.clock.now()} for person in people]
        await tx.execute(role_assignments.insert(), rows)
    assert await delete(site, "editor") == CROWD


async def test_one_that_others_inherit_stays(site: Site) -> None:
    for role in ("reader", "author", "editor"):
        await create_role(site.desk, VISIT, role=role, permissions=[], actor="operator")
    for role in ("author", "editor"):
        await inherit_role(site.desk, VISIT, role=role, parent="reader", actor="operator")
    before = await row_counts(site)
    with pytest.raises(BadInput) as refused:
        await delete(site, "reader")
    assert "author and editor" in refused.value.fields["role"]
    assert await row_counts(site) == before
    for role in ("author", "editor"):
        await disinherit_role(site.desk, VISIT, role=role, parent="reader", actor="operator")
    assert await delete(site, "reader") == 0


async def test_what_cannot_be_deleted(site: Site) -> None:
    await create_role(site.desk, VISIT, role="admin", permissions=[], actor="operator")
    for role, refusal in (("admin", BadInput), ("nothing", NotFound)):
        with pytest.raises(refusal):
            await delete(site, role)
    async with site.desk.database.reading() as db:
        assert await access.list_roles(db) == [("admin", [])]
