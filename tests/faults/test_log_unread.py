"""The log is read no more, as its reader has died or it cannot be read: nothing stale is served past the bound."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from coatcheck.ending.end_sessions import end_session
from coatcheck.revocation.reader import LogReader
from coatcheck.storage.tables.sessions import sessions
from tests.faults.running import eventually, running
from tests.races.nodes import let_in, open_nodes, status_of, visit
from tests.site import Site

JUST_WITHIN, PAST = timedelta(milliseconds=1000), timedelta(milliseconds=1)


async def test_a_dead_reader(tmp_path: Path) -> None:
    """Nobody follows the log on these sites: what they have checked counts to the end of the bound, and no longer."""
    async with open_nodes(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as (here, there):
        account = await here.person()
        admitted, other = await let_in(here, account), await let_in(here, account)
        cookies = [admitted.secret.reveal(), other.secret.reveal()]
        assert [await status_of(there, cookie) for cookie in cookies] == [200, 200]
        await end_session(here.desk, visit(), account=account.id, session=admitted.session.id, actor=account.id)
        there.clock.advance(JUST_WITHIN)
        assert await status_of(there, cookies[0]) == 200, "the bound is what is promised, no less"
        there.clock.advance(PAST)
        assert [await status_of(there, cookie) for cookie in cookies] == [401, 200]


@pytest.mark.parametrize("table", ["revocation_log", "revocation_head"])
async def test_an_unreadable_log(tmp_path: Path, table: str) -> None:
    """The reader tries again and again, and what it cannot vouch for is asked of the database."""
    async with running(f"sqlite:///{tmp_path / 'app.db'}", tmp_path) as site:
        cookie = (await let_in(site, await site.person())).secret.reveal()
        assert await status_of(site, cookie) == 200
        await _alter(site, f"ALTER TABLE {table} RENAME TO out_of_sight")
        async with site.desk.database.writing() as tx:
            await tx.execute(delete(sessions))  # by hand, so that nobody is told
        assert await status_of(site, cookie) == 200, "kept, and within the bound"
        site.clock.advance(JUST_WITHIN + PAST)
        assert await status_of(site, cookie) == 401
        await _alter(site, f"ALTER TABLE out_of_sight RENAME TO {table}")
        await eventually(lambda: _is_followed(site), True)


async def _is_followed(site: Site) -> bool:
    return site.desk.keep(LogReader).fresh_until > site.clock.monotonic()


async def _alter(site: Site, statement: str) -> None:
    async with site.desk.database.writing() as tx:
        await tx.execute(text(statement))
