"""A second worker of a site: another process would share the same database and keys, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coatcheck.revocation.reader import LogReader
from coatcheck.server.coatcheck import Coatcheck
from tests.site import Site


@asynccontextmanager
async def another_worker(site: Site) -> AsyncIterator[Site]:
    """Open a second worker on the database and the keys of a site."""
    auth = Coatcheck.from_settings(site.auth.settings, clock=site.clock)
    desk = await auth.open()
    try:
        await desk.keep(LogReader).look()
        yield Site(auth, desk, site.clock)
    finally:
        await auth.close()
