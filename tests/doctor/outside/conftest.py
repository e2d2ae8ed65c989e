"""One right deployment for all tests of this worker; each test puts before it what is wrong with its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.doctor.outside.authority import Authority
from tests.doctor.outside.deployment import Deployment, deployed


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority that the doctor of the tests trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def deployment(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Serve a site as it should be."""
    folder: Path = tmp_path_factory.mktemp("deployment")
    async with deployed(folder, authority) as served:
        yield served
