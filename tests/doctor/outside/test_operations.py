"""What only operators are to see."""

from pathlib import Path

import pytest

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import operations
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.deployment import Deployment, deployed, found_in, instead
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_metrics_for_all(authority: Authority, tmp_path: Path) -> None:
    server = {"public_url": ORIGIN, "operators": ["0.0.0.0/0"]}
    async with deployed(tmp_path, authority, server=server) as served:
        looked = await served.looked(operations.PROBE)
    assert found_in(looked) == ["operations-open"]
    found = looked["operations-open"]
    assert isinstance(found, Finding)
    assert found.says == "/metrics and /readyz can be seen from here."


async def test_a_page_for_all_addresses_is_no_metrics(deployment: Deployment) -> None:
    """As a single-page app behind the same proxy answers everything."""
    page = instead("/metrics", lambda _: (200, [("content-type", "text/html")], b"<html>"))
    assert found_in(await deployment.looked(operations.PROBE, page)) == []
