"""What administrators find: accounts by how they begin, one account with all of it, and whom an operator means."""

import pytest

from tests.site import Site


async def test_find(site: Site) -> None:
    admin = await site.administrator()
    await site.person(username="ann")
    assert "ann@example.org" in (await admin.get("/admin", params={"q": "ANN"})).text
    assert "ann@example.org" not in (await admin.get("/admin", params={"q": "nn"})).text
    assert "ann@example.org" not in (await admin.get("/admin", params={"q": "%"})).text, "a wildcard is a letter here"
