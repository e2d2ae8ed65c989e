"""The roles as they are listed."""

from datetime import timedelta

from coatcheck.admin.list_roles import ListedRole, list_roles
from coatcheck.admin.roles import create_role, grant_role
from tests.site import VISIT, Site


async def test_with_what_they_allow_and_who_holds_them(site: Site) -> None:
    assert await list_roles(site.desk) == []
    for role, permissions, inherits in (
        ("reader", ["notes:read"], []),
        ("editor", ["notes:write", "notes:read"], ["reader"]),
        ("chief", [], ["editor"]),
    ):
        await create_role(site.desk, VISIT, role=role, permissions=permissions, inherits=inherits, actor="operator")
    ann, ben = await site.person(password=None), await site.person("ben@example.org", password=None)
    until = site.clock.now() + 60_000
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    await grant_role(site.desk, VISIT, account=ben.id, role="editor", until=until, actor="operator")
    both = ("notes:read", "notes:write")
    editor = ListedRole("editor", both, ("reader",), both, 2)
    chief = ListedRole("chief", (), ("editor",), both, 0)
    assert await list_roles(site.desk) == [chief, editor, ListedRole("reader", both[:1], (), both[:1], 0)]
    assert (chief.inherited, editor.inherited) == (both, ())
    site.clock.advance(timedelta(minutes=1))
    assert [role.holders for role in await list_roles(site.desk)] == [0, 1, 0]
