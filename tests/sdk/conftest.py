"""The SDK as it is packed for npm, once for these tests; the app that it is tried in, and browsers at it."""

import os
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.sdk.house import House, Pages
from tests.servers.programs import NODE_SDK, ProgramMissingError, node_package
from tools.pack_sdk import pack


@pytest.fixture(scope="session")
def typescript() -> Path:
    """Give the folder of TypeScript, which must be installed where tests must not be skipped."""
    try:
        return node_package("typescript", NODE_SDK)
    except ProgramMissingError as missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))


@pytest.fixture(scope="session")
def packed(typescript: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the package's file, made as for npm."""
    return pack(tmp_path_factory.mktemp("sdk"))


@pytest.fixture(scope="session")
def installed(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project's folder in which the package is installed."""
    project = tmp_path_factory.mktemp("project")
    with tarfile.open(packed) as package:
        package.extractall(project, filter="data")
    (project / "node_modules").mkdir()
    (project / "package").rename(project / "node_modules" / "coatcheck")
    return project


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """Serve the app for this worker's tests: those that leave it running."""
    with House() as serving:
        yield serving


@pytest.fixture
def own_house() -> Iterator[House]:
    """Serve the app for one test, which may kill it."""
    with House() as serving:
        yield serving


@pytest_asyncio.fixture(loop_scope="session")
async def pages(browser: Browser, house: House) -> AsyncIterator[Pages]:
    """Give browsers at the app."""
    yield Pages(browser, house)


@pytest_asyncio.fixture(loop_scope="session")
async def own_pages(browser: Browser, own_house: House) -> AsyncIterator[Pages]:
    """Give browsers at an app that the test may kill (`pages.house`)."""
    yield Pages(browser, own_house)
