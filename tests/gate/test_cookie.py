"""A session's cookie: looked up once, then known; in use it lasts, and it ends when its session does."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from coatcheck.admin.roles import create_role, grant_role
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import SessionEnded
from coatcheck.gate.cache import PrincipalCache
from coatcheck.gate.cookie import check_cookie
from coatcheck.limits import tries
from coatcheck.login.admit import admit
from coatcheck.sessions.seen import Seen
from coatcheck.storage.tables.sessions import sessions
from coatcheck.visit import Visit
from tests.site import VISIT, Site, proven
from tests.statements import statements


async def cookie_of(site: Site) -> str:
    return (await site.let_in(await site.person(password=None))).secret.reveal()


async def rename(site: Site, table: str, to: str) -> None:
    async with site.desk.database.writing() as tx:
        await tx.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


async def later(site: Site, **by: float) -> None:
    """Let time pass in a process that goes on reading the log."""
    site.clock.advance(timedelta(**by))
    await site.follow_log()


async def test_idle_and_use(site: Site) -> None:
    cookie = await cookie_of(site)
    for _ in range(5):
        site.clock.advance(timedelta(minutes=50))
        await site.follow_log()
        principal = await check_cookie(site.desk, cookie)
        assert principal.expires_at >= site.desk.now()
        await site.desk.keep(Seen).write()
    site.clock.advance(timedelta(minutes=62))
    with pytest.raises(SessionEnded):
        await check_cookie(site.desk, cookie)


async def test_the_absolute_end(site: Site) -> None:
    cookie = await cookie_of(site)
    for _ in range(30 * 24 * 60 // 50 + 2):
        site.clock.advance(timedelta(minutes=50))
        try:
            await check_cookie(site.desk, cookie)
        except SessionEnded:
            break
        await site.desk.keep(Seen).write()
    else:
        pytest.fail("a session in use must end after 30 days")
    assert site.clock.monotonic() <= timedelta(days=30).total_seconds() + 3000


async def test_ended_here_is_refused_at_once(site: Site) -> None:
    cookie = await cookie_of(site)
    principal = await check_cookie(site.desk, cookie)
    await end_session(
        site.desk, Visit(), account=principal.subject, session=principal.session or "", actor=principal.subject
    )
    with pytest.raises(SessionEnded):
        await check_cookie(site.desk, cookie)


async def test_a_miss_reads_once_and_a_hit_reads_nothing(site: Site) -> None:
    cookie, other = await cookie_of(site), "unknown"
    with statements() as missed:
        principal = await check_cookie(site.desk, cookie)
    assert len(missed) == 1
    await rename(site, "sessions", "elsewhere")
    with statements() as hit:
        assert await check_cookie(site.desk, cookie) == principal
    assert hit == []
    with pytest.raises(OperationalError):
        await check_cookie(site.desk, other)
    await rename(site, "elsewhere", "sessions")


async def test_nothing_is_kept_of_a_cookie_that_leads_nowhere(site: Site) -> None:
    for _ in range(2):
        with statements() as ran, pytest.raises(SessionEnded):
            await check_cookie(site.desk, "unknown")
        assert len(ran) == 1
    assert len(site.desk.keep(PrincipalCache)) == 0


async def test_roles_are_in_the_principal(site: Site) -> None:
    ann = await site.person(username="ann", password=None)
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:delete", "notes:edit"], actor="operator")
    await create_role(site.desk, Visit(), role="reader", permissions=["notes:read"], actor="operator")
    await create_role(site.desk, Visit(), role="auditor", permissions=["trail:read"], actor="operator")
    for role in ("editor", "reader"):
        await grant_role(site.desk, Visit(), account=ann.id, role=role, actor="operator")
    principal = await check_cookie(site.desk, (await site.let_in(ann)).secret.reveal())
    assert principal.roles == {"editor", "reader"}
    assert principal.permissions == {"notes:delete", "notes:edit", "notes:read"}
    assert (principal.subject, principal.email, principal.username) == (ann.id, "ann@example.org", "ann")


@pytest.mark.parametrize("forgets", [False, True])
async def test_use_is_written_once_a_minute_and_prolongs(site: Site, forgets: bool) -> None:
    """Checked every ten seconds for five minutes: a write a minute, also where every check is a miss."""
    cookie = await cookie_of(site)
    began = site.desk.now()
    seen_at = []
    for _ in range(30):
        await later(site, seconds=10)
        if forgets:
            site.desk.keep(PrincipalCache).forget_all()
        principal = await check_cookie(site.desk, cookie)
        with statements() as ran:
            await site.desk.keep(Seen).write()
        if any(statement.startswith("UPDATE sessions") for statement in ran):
            seen_at.append((site.desk.now() - began) // 1000)
    assert seen_at == [60, 120, 180, 240, 300]
    async with site.desk.database.reading() as db:
        row = (await db.execute(select(sessions))).one()
    assert (row.last_seen, row.expires_at) == (site.desk.now(), site.desk.now() + 3_600_000)
    if not forgets:
        assert principal.expires_at == row.expires_at, "what is in memory says what the row says"


async def test_a_replaced_secret_is_known_too_and_use_does_not_prolong_it(site: Site) -> None:
    ann = await site.person(password=None)
    cookie = (await site.let_in(ann)).secret.reveal()
    principal = await check_cookie(site.desk, cookie)
    await later(site, minutes=10)
    spent = await tries.spend(site.desk, VISIT, subject=ann.id)
    await admit(site.desk, VISIT, replace(proven(ann), session=principal.session or ""), spent)
    await site.follow_log()
    assert (await check_cookie(site.desk, cookie)).auth_time == principal.auth_time
    await later(site, seconds=10)
    with statements() as hit:
        await check_cookie(site.desk, cookie)
    assert hit == []
    await later(site, milliseconds=1)
    with pytest.raises(SessionEnded):
        await check_cookie(site.desk, cookie)
