"""A session's cookie: looked up once, then known; in use it lasts, and it ends when its session does."""

from datetime import timedelta

import pytest

from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.sessions.seen import Seen
from coatcheck.visit import Visit
from tests.site import Site


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
