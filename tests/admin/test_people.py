"""What administrators find: accounts by how they begin, one account with all of it, and whom an operator means."""

import pytest
from sqlalchemy import insert

from coatcheck.admin.people import PAGE, find_people, look_at_person, resolve_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.ending.close_account import close_account
from coatcheck.errors import NotFound
from coatcheck.storage.tables.accounts import accounts
from tests.site import VISIT, Site


async def found(site: Site, text: str) -> list[str | None]:
    return [account.username for account, _ in (await find_people(site.desk, text))[0]]


async def test_find(site: Site) -> None:
    admin = await site.administrator()
    await site.person(username="ann")
    assert "ann@example.org" in (await admin.get("/admin", params={"q": "ANN"})).text
    assert "ann@example.org" not in (await admin.get("/admin", params={"q": "nn"})).text
    assert "ann@example.org" not in (await admin.get("/admin", params={"q": "%"})).text, "a wildcard is a letter here"


async def test_found_by_how_they_begin(site: Site) -> None:
    ann = await site.person("ann@example.org", None, "ann")
    await site.person("annika@example.org", None, "nika")
    await site.person("hannah@example.org", None, "h_ann")
    await site.person("ben@example.org", None, "an_t")
    assert set(await found(site, "ann")) == {"ann", "nika"}
    assert await found(site, " ANN@example.org ") == ["ann"]
    assert await found(site, "nika") == ["nika"]
    assert await found(site, ann.id) == ["ann"]
    assert await found(site, ann.id[:-1]) == []
    assert await found(site, "an_") == ["an_t"], "an underscore is a letter here"
    assert len(await found(site, "")) == 4


async def test_listed_with_their_roles(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    for role in ("editor", "auditor"):
        await create_role(site.desk, VISIT, role=role, permissions=[], actor="operator")
        await grant_role(site.desk, VISIT, account=ann.id, role=role, actor="operator")
    listed, more = await find_people(site.desk, "")
    assert {account.id: roles for account, roles in listed} == {ann.id: ["auditor", "editor"], ben.id: []}
    assert not more


async def test_told_that_there_are_more(site: Site) -> None:
    rows = [
        {"id": f"acc_{number:02}", "email": f"n{number:02}@example.org", "status": "active", "epoch": 1}
        for number in range(PAGE + 1)
    ]
    async with site.desk.database.writing() as tx:
        await tx.execute(insert(accounts), [{**row, "created_at": number} for number, row in enumerate(rows)])
    listed, more = await find_people(site.desk, "n")
    assert more
    newest_first = [str(row["email"]) for row in reversed(rows)]
    assert [account.email for account, _ in listed] == newest_first[:PAGE]
    assert not (await find_people(site.desk, "n0"))[1]


async def test_one_person_with_all_of_it(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    for role in ("editor", "auditor"):
        await create_role(site.desk, VISIT, role=role, permissions=[], actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    admitted = await site.let_in(ann)
    await site.let_in(ben)
    person = await look_at_person(site.desk, ann.id)
    assert (person.account, person.sessions) == (ann, [admitted.session])
    assert (person.roles, person.all_roles) == (["editor"], ["auditor", "editor"])
    assert [entry.event for entry in person.events] == ["sign_in.done", "role.granted", "account.created"]
    with pytest.raises(NotFound):
        await look_at_person(site.desk, "acc_none")


async def test_whom_an_operator_means(site: Site) -> None:
    ann = await site.person(username="ann", password=None)
    await site.person("ben@example.org", None, "ben")
    for typed in (ann.id, "ann@example.org", " Ann@EXAMPLE.org", "ann", "ANN"):
        assert await resolve_account(site.desk, typed) == ann
    for typed in ("", "an", "ann@example.or", ann.id[:-1], "acc_none", "not a name", "%"):
        with pytest.raises(NotFound):
            await resolve_account(site.desk, typed)


async def test_a_closed_account_is_meant_by_its_id_alone(site: Site) -> None:
    ann = await site.person(username="ann", password=None)
    await close_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert (await resolve_account(site.desk, ann.id)).status == "closed"
    for typed in ("ann@example.org", "ann"):
        with pytest.raises(NotFound):
            await resolve_account(site.desk, typed)
