"""A folder as `coatcheck init` leaves it, made once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import coatcheck, let_go


@pytest.fixture(scope="session", autouse=True)
def _forker() -> Iterator[None]:
    """Leave no process behind."""
    yield
    let_go()


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run `coatcheck init` once; nobody may change what it made."""
    folder = tmp_path_factory.mktemp("init")
    made = coatcheck("init", "site", folder=folder)
    assert made.returncode == 0, made.stderr
    (folder / "said.txt").write_text(made.stdout)
    return folder


@pytest.fixture
def folder(fresh: Path, tmp_path: Path) -> Path:
    """Copy the folder, to be changed."""
    return Path(shutil.copytree(fresh / "site", tmp_path / "site"))
