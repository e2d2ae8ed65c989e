"""A provider for each test of this room."""

from collections.abc import AsyncIterator

import pytest

from tests.site import Site
from tests.upstream.oauth.acme import Acme, acme_at


@pytest.fixture
async def acme(site: Site) -> AsyncIterator[Acme]:
    """Run a provider on this machine."""
    async with acme_at(site) as running:
        yield running
