"""What several attacks are tried on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attacks.lying import Lying, lying_at
from tests.gateway.asking import gateway_site
from tests.site import Site
from tests.upstream.oauth.acme import Acme, acme_at


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that a proxy may ask."""
    async with gateway_site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def acme(site: Site) -> AsyncIterator[Acme]:
    """Run a provider that lies, for a site."""
    async with acme_at(site) as running:
        yield running


@pytest.fixture
async def lying(tmp_path: Path) -> AsyncIterator[Lying]:
    """Open a site that people sign in to with two providers that lie."""
    async with lying_at(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as opened:
        yield opened
