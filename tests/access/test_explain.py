"""Why somebody may, from what is stored: the same that a session, a token and a look at them say."""

from datetime import timedelta
from itertools import combinations

import pytest

from coatcheck.access import records as access
from coatcheck.access.assignment import Assignment
from coatcheck.access.explain import ExplainedAccess, explain_access
from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.people import look_up
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.clock import rfc3339
from coatcheck.errors import BadInput
from coatcheck.gate.cache import PrincipalCache
from coatcheck.gate.socket_ticket import check_session
from coatcheck.tokens import records as tokens
from tests.site import VISIT, Site

ROLES = ("a", "b", "c", "d")
INHERITS = {"a": ["b"], "b": ["c"], "d": ["c"]}
MINUTE = timedelta(minutes=1)
EVERYTHING = [f"{role}:use" for role in ROLES]


async def make_roles(site: Site) -> None:
    for role in reversed(ROLES):
        await create_role(site.desk, VISIT, role=role, permissions=[f"{role}:use"], actor="operator")
    for role, parents in INHERITS.items():
        await create_role(site.desk, VISIT, role=role, permissions=[], inherits=parents, actor="operator")


async def test_what_is_decided_is_what_is_read(every_site: Site) -> None:
    """A session, and what a token of it would say, against the decision: for sets of roles, one perhaps over."""
    site = every_site
    await make_roles(site)
    person = await site.person(password=None)
    session = (await site.let_in(person)).session.id
    now = site.clock.now()
    for held in [held for size in range(3) for held in combinations(ROLES, size)]:
        for over in {*held[:1], None}:
            async with site.desk.database.writing() as tx:
                await access.unassign_all(tx, person.id)
                for role in held:
                    end = now if role == over else now + 60_000
                    await access.assign(tx, person.id, role, now, by="operator", until=end)
            site.desk.keep(PrincipalCache).forget_all()
            decided = {each for each in EVERYTHING if (await explained(site, person, each)).decision.allowed}
            principal = await check_session(site.desk, session)
            async with site.desk.database.reading() as db:
                facts = await tokens.facts(db, session, now)
                has = await access.roles_of(db, person.id, now)
            assert facts is not None
            assert principal.permissions == decided == set(facts.permissions), (held, over)
            assert principal.roles == set(has) == set(facts.roles) == {each.partition(":")[0] for each in decided}


async def explained(site: Site, person: Account, permission: str, scopes: list[str] | None = None) -> ExplainedAccess:
    return await explain_access(site.desk, await look_up(site.desk, person.id), permission=permission, scopes=scopes)


async def test_the_words_of_the_api(site: Site) -> None:
    await make_roles(site)
    person = await site.person(password=None)
    until = site.clock.now() + 60_000
    await grant_role(site.desk, VISIT, account=person.id, role="a", until=until, actor="acc_root")
    given = {"granted_by": "acc_root", "granted_at": rfc3339(site.clock.now()), "until": rfc3339(until)}
    assert (await explained(site, person, "c:use", ["a:use", "c:use", "a:use"])).words() == {
        "account": person.id,
        "permission": "c:use",
        "scopes": ["a:use", "c:use"],
        "allowed": True,
        "because": [{"rule": "allows", "path": ["a", "b", "c"], **given}],
        "roles_that_allow": ["a", "b", "c", "d"],
    }
    site.clock.advance(MINUTE)
    told = await explained(site, person, "c:use", ["a:use"])
    assert (told.title, told.words()["because"]) == (
        "c:use is denied",
        [{"rule": "ran_out", "path": ["a", "b", "c"], **given}, {"rule": "nothing_allows"}, {"rule": "out_of_scope"}],
    )
    assert told.sentences == [
        "No role that this account holds allows it.",
        "It is not among the scopes of the credential, which may use no more than these.",
        "It would be allowed by a or b or c or d.",
    ]


async def test_a_locked_account_may_nothing(site: Site) -> None:
    await make_roles(site)
    person = await site.person(password=None)
    await grant_role(site.desk, VISIT, account=person.id, role="c", actor="operator")
    assert (await explained(site, person, "c:use")).sentences == []
    await lock_account(site.desk, VISIT, account=person.id, actor="operator")
    told = await explained(site, person, "c:use")
    assert (told.decision.allowed, told.sentences) == (
        False,
        ["The account is locked, so nobody is signed in to it."],
    )
    assert (await explained(site, person, "nobody:knows")).sentences[-1] == "No role allows it, whoever holds one."


async def test_what_was_held_before_says_nothing_of_who_gave_it(site: Site) -> None:
    """Roles given by a release that did not write it down."""
    await make_roles(site)
    person = await site.person(password=None)
    async with site.desk.database.writing() as tx:
        await access.assign(tx, person.id, "c", site.clock.now())
    [rule] = (await explained(site, person, "c:use")).ways
    assert rule.assignment == Assignment(person.id, "c", site.clock.now(), None, None)


@pytest.mark.parametrize(("permission", "scopes", "field"), [("notes", None, "permission"), ("c:use", ["*"], "scope")])
async def test_what_is_no_permission_is_refused(
    site: Site, permission: str, scopes: list[str] | None, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        await explained(site, await site.person(password=None), permission, scopes)
    assert list(refused.value.fields) == [field]
