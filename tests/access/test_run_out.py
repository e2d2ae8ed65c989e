"""A role that was given for a time counts until then and not a moment longer, whatever presents it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from coatcheck.access import records as access
from coatcheck.access.run_out import BATCH, take_run_out
from coatcheck.accounts.account import Account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.admin.set_up import has_administrator
from coatcheck.audit.show import show
from coatcheck.clock import Instant, millis, rfc3339
from coatcheck.errors import BadInput
from coatcheck.gate.cookie import check_cookie, check_found
from coatcheck.gate.socket_ticket import check_session
from coatcheck.sessions import records as sessions
from coatcheck.storage.database import Reading
from coatcheck.storage.tables.access import role_assignments
from coatcheck.tokens.access_token import SHORTEST, make_gateway_token
from tests.keys.sites import signing_site
from tests.site import ORIGIN, VISIT, Site, open_site
from tests.statements import statements
from tests.tokens.holders import claims_of, is_good, let_in, principal, refreshed

HOUR = timedelta(hours=1)
LIVES = 900
"""Seconds of an access token."""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site with roles, of which one inherits the other."""
    async with signing_site(tmp_path) as opened:
        await create_role(opened.desk, VISIT, role="reader", permissions=["notes:read"], actor="operator")
        await create_role(
            opened.desk, VISIT, role="editor", permissions=["notes:write"], inherits=["reader"], actor="operator"
        )
        yield opened


@pytest.fixture
async def ann(site: Site) -> Account:
    """Make a person."""
    return await site.person(password=None)


async def give(site: Site, person: Account, role: str, lasts: timedelta | None = HOUR) -> Instant:
    """Give a role for so long; tell until when."""
    until = None if lasts is None else site.clock.now() + millis(lasts)
    await grant_role(site.desk, VISIT, account=person.id, role=role, until=until, actor="acc_root")
    return until or 0


async def later(site: Site, by: timedelta) -> None:
    """Let time pass in a process that goes on reading the log."""
    site.clock.advance(by)
    await site.follow_log()


async def held(site: Site, person: Account) -> dict[str, Instant | None]:
    async with site.desk.database.reading() as db:
        return {each.role: each.expires_at for each in await access.assignments_of(db, person.id)}


async def roles(site: Site, cookie: str) -> set[str]:
    return set((await check_cookie(site.desk, cookie)).roles)


# --- a cookie


async def test_what_is_kept_of_a_cookie_ends_with_the_role(site: Site, ann: Account) -> None:
    await give(site, ann, "editor")
    cookie = (await site.let_in(ann)).secret.reveal()
    for _ in range(59):  # in use, which prolongs what is kept
        assert await roles(site, cookie) == {"editor", "reader"}
        await later(site, timedelta(minutes=1))
    await later(site, timedelta(minutes=1, milliseconds=-1))
    with statements() as seen:
        assert await roles(site, cookie) == {"editor", "reader"}
    assert seen == [], "from memory to the last moment"
    await later(site, timedelta(milliseconds=1))
    assert await roles(site, cookie) == set()


async def test_the_session_goes_on(site: Site, ann: Account) -> None:
    await give(site, ann, "editor", timedelta(minutes=1))
    await give(site, ann, "reader", timedelta(minutes=2))
    cookie = (await site.let_in(ann)).secret.reveal()
    seen = []
    for _ in range(4):
        seen.append(await roles(site, cookie))
        await later(site, timedelta(minutes=1))
    assert seen == [{"editor", "reader"}, {"reader"}, set(), set()]


async def test_one_that_runs_out_while_it_is_read_is_read_again(site: Site, ann: Account) -> None:
    """A database may be slow: what it says then is judged by the time at which it is said."""
    soon = timedelta(seconds=10)
    await give(site, ann, "editor", soon)
    session = (await site.let_in(ann)).session.id

    async def find_slowly(db: Reading, now: Instant) -> sessions.Found | None:
        found = await sessions.find_by_id(db, session, now)
        if "editor" in (found.roles if found else ()):
            site.clock.advance(soon)
        return found

    assert (await check_found(site.desk, b"slow", find_slowly, is_use=False)).roles == frozenset()


async def test_a_socket_hears_it(site: Site, ann: Account) -> None:
    await give(site, ann, "editor")
    session = (await site.let_in(ann)).session.id
    assert (await check_session(site.desk, session)).permissions == {"notes:read", "notes:write"}
    await later(site, HOUR)
    assert (await check_session(site.desk, session)).permissions == frozenset()


# --- tokens


async def test_a_token_outlives_no_role_that_it_names(site: Site, ann: Account) -> None:
    until = await give(site, ann, "editor", timedelta(minutes=10, milliseconds=700))
    token = await let_in(site, ann)
    said = claims_of(token.access)
    assert (said["roles"], said["scope"], said["exp"]) == (
        ["editor", "reader"],
        "notes:read notes:write",
        until // 1000,
    )
    await later(site, timedelta(minutes=10))
    assert not await is_good(site, token.access)
    after = await refreshed(site, token.refresh)
    said = claims_of(after.access)
    assert ("roles" in said, "scope" in said, said["exp"] - said["iat"]) == (False, False, LIVES)
    assert await is_good(site, after.access)


async def test_a_role_that_ends_at_once_is_not_named(site: Site, ann: Account) -> None:
    """A token that runs out on its way would be asked for again and again."""
    await give(site, ann, "editor", SHORTEST)
    said = claims_of((await let_in(site, ann)).access)
    assert ("roles" in said, said["exp"] - said["iat"]) == (False, LIVES)
    await give(site, ann, "editor", SHORTEST + timedelta(seconds=1))
    said = claims_of((await let_in(site, ann)).access)
    assert (said["roles"], said["exp"] - said["iat"]) == (["editor", "reader"], 6)


async def test_a_gateway_token_neither(site: Site, ann: Account) -> None:
    await give(site, ann, "editor", timedelta(seconds=20))
    presented = await check_cookie(site.desk, (await site.let_in(ann)).secret.reveal())
    token = await make_gateway_token(site.desk, presented, issuer=ORIGIN, audience=ORIGIN)
    assert (claims_of(token.text)["roles"], token.expires_in) == (["editor", "reader"], 20)


async def test_the_first_end_of_several_counts(site: Site, ann: Account) -> None:
    await give(site, ann, "editor", timedelta(minutes=12))
    await give(site, ann, "reader", timedelta(minutes=3))
    said = claims_of((await let_in(site, ann)).access)
    assert said["exp"] - said["iat"] == 180


# --- another end


@pytest.mark.parametrize(("first", "then"), [(20, 5), (5, 20), (None, 5), (5, None)], ids=str)
async def test_another_end_makes_tokens_stale(site: Site, ann: Account, first: int | None, then: int | None) -> None:
    lasts = [None if minutes is None else timedelta(minutes=minutes) for minutes in (first, then)]
    await give(site, ann, "editor", lasts[0])
    token = await let_in(site, ann)
    cookie = (await site.let_in(ann)).secret.reveal()
    await roles(site, cookie)
    until = await give(site, ann, "editor", lasts[1])
    assert not await is_good(site, token.access), "moved"
    said = claims_of((await refreshed(site, token.refresh)).access)
    assert said["exp"] - said["iat"] == min(LIVES, 60 * (then or LIVES))
    assert await held(site, ann) == {"editor": until or None}
    await later(site, timedelta(minutes=5))
    assert await roles(site, cookie) == (set() if then == 5 else {"editor", "reader"})


async def test_the_same_end_again_moves_nobody(site: Site, ann: Account) -> None:
    for _ in range(2):
        await give(site, ann, "editor")
    token = await let_in(site, ann)
    await give(site, ann, "editor")
    assert await principal(site, token.access) is not None
    granted = await show(site.desk, event="role.granted")
    until = rfc3339(site.clock.now() + millis(HOUR))
    assert [entry.details for entry in granted] == [{"role": "editor", "until": until}]


async def test_an_end_that_has_passed_is_refused(site: Site, ann: Account) -> None:
    for ago in (timedelta(0), HOUR):
        with pytest.raises(BadInput) as refused:
            await grant_role(
                site.desk,
                VISIT,
                account=ann.id,
                role="editor",
                until=site.clock.now() - millis(ago),
                actor="operator",
            )
        assert list(refused.value.fields) == ["until"]
    assert await held(site, ann) == {}


async def test_administrators_put_no_end_to_their_own_administration(site: Site, ann: Account) -> None:
    await create_role(site.desk, VISIT, role="admin", permissions=[], actor="operator")
    await give(site, ann, "admin", None)
    with pytest.raises(BadInput):
        await grant_role(
            site.desk,
            VISIT,
            account=ann.id,
            role="admin",
            until=site.clock.now() + millis(HOUR),
            actor=ann.id,
        )
    assert await held(site, ann) == {"admin": None}


async def test_who_was_an_administrator_for_a_time_is_none_afterwards(site: Site, ann: Account) -> None:
    await create_role(site.desk, VISIT, role="admin", permissions=[], actor="operator")
    await give(site, ann, "admin")
    assert await has_administrator(site.desk)
    await later(site, HOUR)
    assert not await has_administrator(site.desk)


async def test_a_level_is_asked_for_when_the_role_comes_back(tmp_path: Path) -> None:
    """What ran out was held by nobody, though it is not taken away yet: so a session of then may not reach it."""
    asks = {"role_levels": ["chief = aal2"]}
    async with open_site(f"sqlite:///{tmp_path}/site.db", tmp_path, sign_in=asks) as site:
        await create_role(site.desk, VISIT, role="chief", permissions=[], actor="operator")
        ann = await site.person(password=None)
        await give(site, ann, "chief")
        await later(site, HOUR)
        async with site.desk.database.reading() as db:
            assert await access.roles_of(db, ann.id, site.clock.now()) == []
        session = (await site.let_in(replace(ann, epoch=ann.epoch + 1))).session.id
        await give(site, ann, "chief")
        async with site.desk.database.reading() as db:
            assert await sessions.get(db, session) is None


# --- the clean-up


async def test_what_has_run_out_is_taken_away_and_written_down(every_site: Site) -> None:
    site = every_site
    for role in ("editor", "reader"):
        await create_role(site.desk, VISIT, role=role, permissions=[], actor="operator")
    ann, ben = await site.person(password=None), await site.person("ben@example.org", password=None)
    until = await give(site, ann, "editor")
    await give(site, ann, "reader", 2 * HOUR)
    await give(site, ben, "reader", None)
    assert await take_run_out(site.desk) == 0
    await later(site, HOUR)
    assert [await take_run_out(site.desk) for _ in range(2)] == [1, 0]
    assert [set(await held(site, person)) for person in (ann, ben)] == [{"reader"}, {"reader"}]
    told = await show(site.desk, event="role.ran_out")
    details = {"role": "editor", "until": rfc3339(until), "granted_by": "acc_root"}
    assert [(entry.account, entry.actor, entry.details) for entry in told] == [(ann.id, "schedule", details)]


async def test_many_go_in_batches(site: Site) -> None:
    people = [await site.person(f"p{number}@example.org", password=None) for number in range(BATCH + 5)]
    now = site.clock.now()
    async with site.desk.database.writing() as tx:
        rows = [{"account": each.id, "role": "editor", "granted_at": now - 2, "expires_at": now} for each in people]
        await tx.execute(role_assignments.insert(), rows)
    assert [await take_run_out(site.desk) for _ in range(3)] == [BATCH, 5, 0]
