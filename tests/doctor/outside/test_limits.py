"""Limits that do not limit, and answers that tell more than they should."""

from pathlib import Path

import pytest
from starlette.types import Scope

from coatcheck.doctor.finding import Finding, NotRun, Passed
from coatcheck.doctor.outside import limits
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import letting_in, telling_accounts_apart
from tests.doctor.outside.deployment import (
    NAME,
    TWO_DAYS_MS,
    Deployment,
    Pairs,
    changing,
    deployed,
    found_in,
    serving,
    without,
)
from tests.servers.server import HOST, free_port
from tests.site import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_limits_that_hold(deployment: Deployment) -> None:
    looked = await deployment.looked(limits.PROBE)
    assert found_in(looked) == []
    passed = looked["limits-off"]
    assert isinstance(passed, Passed)
    assert passed.says == "After 5 wrong passwords there is a wait."
    assert isinstance(looked["limits-per-node"], NotRun)


async def test_limits_that_are_off(authority: Authority, tmp_path: Path) -> None:
    """Twelve tries are made and no more: the doctor guesses at nobody's password for long, not even at its own."""
    came: list[int] = []

    def count(scope: Scope, pairs: Pairs) -> Pairs:
        came.append(scope["path"] == "/api/sign-in")
        return pairs

    async with deployed(tmp_path, authority, limits={"tries": 1000}) as served:
        looked = await served.looked(limits.PROBE, changing(count))
    assert found_in(looked) == ["limits-off"]
    assert sum(came) == limits.MOST_TRIES + 1, "and one of nobody's"


async def test_nodes_that_count_apart(deployment: Deployment, authority: Authority, tmp_path: Path) -> None:
    """Two nodes with a database each let everybody try twice as often."""
    port = free_port()
    async with deployed(tmp_path, authority) as other:
        await other.site.person(f"doctor-{deployment.site.clock.now() + TWO_DAYS_MS}@example.org")
        at = (f"{HOST}:{deployment.port}", f"{HOST}:{other.port}")
        looked = await deployment.looked(limits.PROBE, at=at)
        async with serving(deployment, port, authority.certificate(NAME)):
            together = await deployment.looked(limits.PROBE, at=(at[0], f"{HOST}:{port}"))
    assert found_in(looked) == ["limits-per-node"]
    assert found_in(together) == []
    assert isinstance(together["limits-per-node"], Passed)


async def test_a_block_that_tells_the_right_password(deployment: Deployment) -> None:
    looked = await deployment.looked(limits.PROBE, letting_in(PASSWORD))
    assert found_in(looked) == ["block-tells-password"]


async def test_nobody_is_told_how_long_to_wait(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(limits.PROBE, without("retry-after"))) == ["retry-after-missing"]


async def test_accounts_that_are_told_apart(deployment: Deployment) -> None:
    looked = await deployment.looked(limits.PROBE, telling_accounts_apart())
    assert found_in(looked) == ["accounts-told-apart"]
    found = looked["accounts-told-apart"]
    assert isinstance(found, Finding)
    assert "401 invalid_credentials, and one of nobody with 404 no_account" in found.says
