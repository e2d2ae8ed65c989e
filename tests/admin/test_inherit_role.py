"""Roles that inherit: what is held through them, what is refused, and who feels a change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from coatcheck.access import records as access
from coatcheck.access.inherit import let_inherit
from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.inherit_role import disinherit_role, inherit_role
from coatcheck.admin.roles import create_role, deny_permissions, grant_role
from coatcheck.admin.set_up import has_administrator
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import Admitted, MoreNeeded
from tests.attacks.census import row_counts
from tests.keys.sites import signing_site
from tests.site import PROVEN, VISIT, Site, open_site, proven, submit
from tests.tokens.holders import claims_of, is_good, refreshed
from tests.tokens.holders import let_in as tokens_of

ALLOWS = {"reader": ["notes:read"], "author": ["notes:write"], "editor": ["notes:delete"], "chief": []}


async def inherit(site: Site, role: str, parent: str) -> None:
    await inherit_role(site.desk, VISIT, role=role, parent=parent, actor="operator")


async def disinherit(site: Site, role: str, parent: str) -> bool:
    return await disinherit_role(site.desk, VISIT, role=role, parent=parent, actor="operator")


async def make_roles(site: Site) -> None:
    """Make roles of which none inherits another yet."""
    for role, permissions in ALLOWS.items():
        await create_role(site.desk, VISIT, role=role, permissions=permissions, actor="operator")


async def holder(site: Site, role: str, email: str = "ann@example.org") -> tuple[Account, str]:
    """Make somebody who holds a role, and give the cookie of a session of theirs."""
    person = await site.person(email, password=None)
    await grant_role(site.desk, VISIT, account=person.id, role=role, actor="operator")
    return person, (await site.let_in(person)).secret.reveal()


async def may(site: Site, cookie: str) -> tuple[set[str], set[str]]:
    """Give the roles and permissions that a cookie presents."""
    principal = await check_cookie(site.desk, cookie)
    return set(principal.roles), set(principal.permissions)


async def test_a_role_has_all_that_it_inherits(every_site: Site) -> None:
    site = every_site
    await make_roles(site)
    _, cookie = await holder(site, "chief")
    for role, parent in (("chief", "editor"), ("editor", "reader"), ("chief", "author"), ("author", "reader")):
        await inherit(site, role, parent)
    assert await may(site, cookie) == (set(ALLOWS), {"notes:read", "notes:write", "notes:delete"})
    assert await disinherit(site, "editor", "reader")
    assert await may(site, cookie) == (set(ALLOWS), {"notes:read", "notes:write", "notes:delete"}), "by author still"
    assert await disinherit(site, "author", "reader")
    assert await may(site, cookie) == ({"chief", "editor", "author"}, {"notes:write", "notes:delete"})


async def test_nothing_is_had_the_other_way_round(site: Site) -> None:
    await make_roles(site)
    await inherit(site, "editor", "reader")
    _, cookie = await holder(site, "reader")
    assert await may(site, cookie) == ({"reader"}, {"notes:read"})


async def test_who_holds_it_through_another_feels_a_change_at_once(site: Site) -> None:
    await make_roles(site)
    await inherit(site, "chief", "editor")
    await inherit(site, "editor", "reader")
    _, cookie = await holder(site, "chief")
    await create_role(site.desk, VISIT, role="reader", permissions=["notes:print"], actor="operator")
    assert "notes:print" in (await may(site, cookie))[1]
    assert await deny(site, "reader", "notes:print", "notes:read") == ("notes:print", "notes:read")
    assert await may(site, cookie) == ({"chief", "editor", "reader"}, {"notes:delete"})


async def deny(site: Site, role: str, *permissions: str) -> tuple[str, ...]:
    return await deny_permissions(site.desk, VISIT, role=role, permissions=permissions, actor="operator")


async def test_what_a_role_does_not_allow_itself_is_not_taken_from_it(site: Site) -> None:
    await make_roles(site)
    await inherit(site, "editor", "reader")
    _, cookie = await holder(site, "editor")
    assert await deny(site, "editor", "notes:read") == ()
    assert (await may(site, cookie))[1] == {"notes:read", "notes:delete"}
    assert await show(site.desk, event="role.narrowed") == []


async def test_a_circle_is_refused_by_its_way(site: Site) -> None:
    await make_roles(site)
    await inherit(site, "chief", "editor")
    await inherit(site, "editor", "reader")
    before = await row_counts(site)
    for role, parent, way in (
        ("reader", "chief", "That would be a circle: reader → chief → editor → reader."),
        ("reader", "editor", "That would be a circle: reader → editor → reader."),
        ("reader", "reader", "A role cannot inherit itself."),
    ):
        with pytest.raises(BadInput) as refused:
            await inherit(site, role, parent)
        assert refused.value.fields == {"inherits": way}
    assert await row_counts(site) == before


async def test_a_circle_of_what_is_made_in_one_go_is_refused(site: Site) -> None:
    await make_roles(site)
    await inherit(site, "editor", "reader")
    with pytest.raises(BadInput):
        await create_role(
            site.desk, VISIT, role="reader", permissions=[], inherits=["author", "editor"], actor="operator"
        )
    async with site.desk.database.reading() as db:
        assert await access.parents_of_all(db) == {"editor": frozenset({"reader"})}


async def test_a_role_is_made_with_what_it_inherits(site: Site) -> None:
    await make_roles(site)
    await create_role(
        site.desk, VISIT, role="boss", permissions=["notes:print"], inherits=["editor", "reader"], actor="operator"
    )
    _, cookie = await holder(site, "boss")
    assert await may(site, cookie) == ({"boss", "editor", "reader"}, {"notes:print", "notes:delete", "notes:read"})
    assert (await show(site.desk, event="role.created"))[0].details == {
        "role": "boss",
        "permissions": "notes:print",
        "inherits": "editor reader",
    }


@pytest.mark.parametrize(("role", "parent"), [("nothing", "reader"), ("reader", "nothing"), ("Reader", "chief")])
async def test_roles_that_are_none(site: Site, role: str, parent: str) -> None:
    await make_roles(site)
    with pytest.raises(BadInput):
        await inherit(site, role, parent)
    if role != "reader":
        with pytest.raises(BadInput):
            await disinherit(site, role, parent)
        with pytest.raises(BadInput):
            await deny(site, role, "notes:read")


async def test_it_is_written_down_once(site: Site) -> None:
    await make_roles(site)
    for _ in range(2):
        await inherit(site, "editor", "reader")
    assert [await disinherit(site, "editor", "reader") for _ in range(2)] == [True, False]
    for event in ("role.inherits", "role.disinherits"):
        told = await show(site.desk, event=event)
        assert [entry.details for entry in told] == [{"role": "editor", "inherits": "reader"}]


async def test_who_inherits_administration_is_an_administrator(site: Site) -> None:
    await create_role(site.desk, VISIT, role="admin", permissions=[], actor="operator")
    await create_role(site.desk, VISIT, role="owner", permissions=[], inherits=["admin"], actor="operator")
    assert not await has_administrator(site.desk)
    owner = await site.person("owner@example.org")
    await grant_role(site.desk, VISIT, account=owner.id, role="owner", actor="operator")
    assert await has_administrator(site.desk)
    browser, page = await site.signed_in("owner@example.org"), f"/admin/accounts/{owner.id}"
    refused = await submit(browser, page, f"{page}/roles", role="owner", action="revoke")
    assert (refused.status_code, (await browser.get(page)).status_code) == (422, 200), "not from oneself"


async def test_tokens_of_before_are_refused_and_the_next_say_what_holds(tmp_path: Path) -> None:
    async with signing_site(tmp_path) as site:
        await make_roles(site)
        await inherit(site, "chief", "editor")
        person, _ = await holder(site, "chief")
        for change, roles in ((inherit, ["chief", "editor", "reader"]), (disinherit, ["chief", "editor"])):
            token = await tokens_of(site, person)
            await change(site, "editor", "reader")
            assert not await is_good(site, token.access)
            after = await refreshed(site, token.refresh)
            assert claims_of(after.access)["roles"] == roles
            assert await is_good(site, after.access), "nobody is signed out"


# --- a level that hangs on a role


@asynccontextmanager
async def asking_site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where who has the role `chief` takes two factors to sign in."""
    asks = {"role_levels": ["chief = aal2"]}
    async with open_site(f"sqlite:///{tmp_path}/site.db", tmp_path, sign_in=asks) as site:
        await make_roles(site)
        yield site


async def epoch(site: Site, account: Account) -> int:
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account.id)
    assert found is not None
    return found.epoch


async def is_over(site: Site, cookie: str) -> bool:
    try:
        await check_cookie(site.desk, cookie)
    except SessionEnded:
        return True
    return False


async def test_holders_begin_anew_where_what_is_inherited_asks_for_a_level(tmp_path: Path) -> None:
    async with asking_site(tmp_path) as site:
        await inherit(site, "author", "reader")
        ann, anns = await holder(site, "author")
        ben, bens = await holder(site, "editor", "ben@example.org")
        old = await epoch(site, ann)
        await inherit(site, "reader", "chief")
        assert (await is_over(site, anns), await is_over(site, bens)) == (True, False)
        assert (await epoch(site, ann), await epoch(site, ben)) == (old + 1, 1), "nor goes on what was pending"


async def test_a_role_through_which_a_level_is_reached_ends_what_was_before(tmp_path: Path) -> None:
    async with asking_site(tmp_path) as site:
        await inherit(site, "editor", "chief")
        ann = await site.person(password=None)
        cookie = (await site.let_in(ann)).secret.reveal()
        await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
        assert await is_over(site, cookie)


async def test_the_door_asks_for_what_an_inherited_role_asks_for(tmp_path: Path) -> None:
    async with asking_site(tmp_path) as site:
        await inherit(site, "editor", "chief")
        ann = await site.person(password=None)
        assert isinstance(await admit(site.desk, VISIT, proven(ann), None), Admitted)
        await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
        now = replace(ann, epoch=await epoch(site, ann))
        assert isinstance(await admit(site.desk, VISIT, proven(now), None), MoreNeeded)


async def test_a_broken_off_change_ends_what_is_left_and_no_more(tmp_path: Path) -> None:
    """Made again, it must not sign anybody out who came in after the commit, by what the role asks for."""
    async with asking_site(tmp_path) as site:
        _, anns = await holder(site, "editor")
        async with site.desk.database.writing() as tx:  # what a crash leaves: the commit, and nobody moved
            await let_inherit(tx, await access.lock_all(tx), "editor", ["chief"], site.clock.now())
        site.clock.advance(timedelta(minutes=5))
        ben = await site.person("ben@example.org", password=None)
        await grant_role(site.desk, VISIT, account=ben.id, role="editor", actor="operator")
        bens = await by_two_factors(site, ben)
        await inherit(site, "editor", "chief")
        assert (await is_over(site, anns), await is_over(site, bens)) == (True, False)


async def by_two_factors(site: Site, person: Account) -> str:
    """Let somebody in by a password and an app; give the cookie."""
    async with site.desk.database.reading() as db:
        now = await accounts.find(db, person.id)
    assert now is not None
    admitted = await admit(site.desk, VISIT, replace(proven(now), proofs=(PROVEN, Proof(factor="totp"))), None)
    assert isinstance(admitted, Admitted)
    return admitted.secret.reveal()
