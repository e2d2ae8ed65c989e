"""What several attacks are tried on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.asking import gateway_site
from tests.site import Site


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that a proxy may ask."""
    async with gateway_site(tmp_path) as opened:
        yield opened
