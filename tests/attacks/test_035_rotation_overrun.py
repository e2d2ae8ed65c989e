"""Attack 35: CVE-2026-1035, Keycloak: a token that may be used once is used by many at once, and all succeed.

There it was looked at and then marked, so that those in between each got tokens of their own. Here the row is locked
before it is judged: of fifty at once one rotates it, and the others are given what that one got.
"""

from sqlalchemy import select

from coatcheck.storage.tables.tokens import refresh_tokens
from tests.attacks.workers import another_worker
from tests.races.nodes import at_once
from tests.site import Site
from tests.tokens.holders import Held, let_in, refreshed


async def rows(site: Site) -> list[bytes]:
    """Give the hash of every refresh token that works."""
    async with site.desk.database.reading() as db:
        return [row[0] for row in await db.execute(select(refresh_tokens.c.current_hash))]


async def overrun(site: Site, other: Site) -> None:
    held = await let_in(site, await site.person(password=None))
    before = await rows(site)
    outcomes = await at_once(refreshed((site, other)[number % 2], held.refresh) for number in range(50))
    given = {each.refresh for each in outcomes if isinstance(each, Held)}
    assert (len(outcomes), len(given)) == (50, 1)
    after = await rows(site)
    assert (len(before), len(after), before == after) == (1, 1, False)
    await refreshed(other, given.pop())


async def test_fifty_at_once_on_sqlite(site: Site) -> None:
    async with another_worker(site) as other:
        await overrun(site, other)


async def test_fifty_at_once_on_postgresql(postgres_site: Site) -> None:
    async with another_worker(postgres_site) as other:
        await overrun(postgres_site, other)
