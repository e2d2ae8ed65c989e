"""A site with a gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.asking import gateway_site
from tests.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with gateway_site(tmp_path) as opened:
        yield opened
