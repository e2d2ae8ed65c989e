"""Roles: made, given and taken away, and heeded at once."""

from pathlib import Path

import pytest

from coatcheck.access import records as access
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, InvalidCredentials, NotFound
from coatcheck.login.admit import admit
from coatcheck.visit import Visit
from tests.attacks.census import row_counts
from tests.site import VISIT, Site, open_site, proven, submit


async def make(site: Site, role: str, *permissions: str) -> None:
    await create_role(site.desk, VISIT, role=role, permissions=permissions, actor="operator")


async def test_roles(site: Site) -> None:
    admin, person = await site.administrator(), await site.person()
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
    ann, page = await site.signed_in(), f"/admin/accounts/{person.id}"
    await submit(admin, page, f"{page}/roles", role="editor", action="grant")
    assert (await ann.get("/api/session")).json()["permissions"] == ["notes:delete"], "in this process at once"
    await submit(admin, page, f"{page}/roles", role="editor", action="revoke")
    assert (await ann.get("/api/session")).json()["roles"] == []
    assert (await submit(admin, page, f"{page}/roles", role="nothing", action="grant")).status_code == 422


async def test_a_role_with_a_level_takes_a_sign_in_that_reaches_it(tmp_path: Path) -> None:
    """A session of before would else have the role below the level that the site asks of its holders."""
    asks = {"role_levels": ["admin = aal2"]}
    async with open_site(f"sqlite:///{tmp_path}/site.db", tmp_path, sign_in=asks) as site:
        person = await site.person()
        ann, ben = await site.signed_in(), await site.person("ben@example.org")
        await make(site, "admin")
        await grant_role(site.desk, VISIT, account=ben.id, role="admin", actor="operator")
        assert (await ann.get("/api/session")).status_code == 200
        await grant_role(site.desk, VISIT, account=person.id, role="admin", actor="operator")
        assert (await ann.get("/api/session")).status_code == 401
        with pytest.raises(InvalidCredentials):  # nor does what was proven before go on
            await admit(site.desk, VISIT, proven(person), None)


async def test_making_a_role_again_adds_permissions(site: Site) -> None:
    await make(site, "editor", "notes:edit")
    await make(site, "editor", "notes:edit", "notes:delete")
    async with site.desk.database.reading() as db:
        assert await access.list_roles(db) == [("editor", ["notes:delete", "notes:edit"])]
    entry = (await show(site.desk, event="role.created"))[0]
    assert entry.details == {"role": "editor", "permissions": "notes:edit notes:delete"}


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("", "notes:edit"),
        ("Editor", "notes:edit"),
        ("two words", "notes:edit"),
        ("7up", "notes:edit"),
        ("e" * 64, "notes:edit"),
        ("editor\n", "notes:edit"),
        ("editor", "notes"),
        ("editor", "notes:"),
        ("editor", "notes:edit:all"),
        ("editor", "notes:*"),
        ("editor", "notes:edit\n"),
    ],
)
async def test_names_that_are_none(site: Site, role: str, permission: str) -> None:
    with pytest.raises(BadInput):
        await make(site, role, permission)
    async with site.desk.database.reading() as db:
        assert await access.list_roles(db) == []


async def test_granting_twice_is_written_once(site: Site) -> None:
    ann = await site.person(password=None)
    await make(site, "editor")
    for _ in range(2):
        await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="acc_root")
    granted = await show(site.desk, event="role.granted")
    assert [(entry.account, entry.actor, entry.details) for entry in granted] == [
        (ann.id, "acc_root", {"role": "editor"})
    ]


async def test_what_cannot_be_granted_or_revoked(site: Site) -> None:
    ann = await site.person(password=None)
    await make(site, "editor")
    before = await row_counts(site)
    for account, role, refusal in (
        ("acc_none", "editor", NotFound),
        (ann.id, "nothing", BadInput),
        (ann.id, "Not A Role", BadInput),
    ):
        with pytest.raises(refusal):
            await grant_role(site.desk, VISIT, account=account, role=role, actor="operator")
    for account, role in (("acc_none", "editor"), (ann.id, "editor"), (ann.id, "nothing")):
        with pytest.raises(NotFound):
            await revoke_role(site.desk, VISIT, account=account, role=role, actor="operator")
    assert await row_counts(site) == before


async def test_another_administrator_may_take_the_role(site: Site) -> None:
    ann = await site.person(password=None)
    await make(site, "admin")
    await grant_role(site.desk, VISIT, account=ann.id, role="admin", actor="operator")
    with pytest.raises(BadInput):
        await revoke_role(site.desk, VISIT, account=ann.id, role="admin", actor=ann.id)
    await revoke_role(site.desk, VISIT, account=ann.id, role="admin", actor="acc_root")
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, ann.id, site.desk.now()) == []
