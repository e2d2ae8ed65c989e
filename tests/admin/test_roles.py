"""Roles: made, given and taken away, and heeded at once."""

import pytest

from coatcheck.admin.roles import create_role
from coatcheck.visit import Visit
from tests.site import Site, submit


async def test_roles(site: Site) -> None:
    admin, person = await site.administrator(), await site.person()
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete"], actor="operator")
    ann, page = await site.signed_in(), f"/admin/accounts/{person.id}"
    await submit(admin, page, f"{page}/roles", role="editor", action="grant")
    assert (await ann.get("/api/session")).json()["permissions"] == ["notes:delete"], "in this process at once"
    await submit(admin, page, f"{page}/roles", role="editor", action="revoke")
    assert (await ann.get("/api/session")).json()["roles"] == []
    assert (await submit(admin, page, f"{page}/roles", role="nothing", action="grant")).status_code == 422
