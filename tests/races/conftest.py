"""What every race is run on: each backing, with two nodes that stand for two workers or two machines."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.races.nodes import Nodes, open_nodes

Backing: TypeAlias = tuple[str, str]


@pytest.fixture(params=["sqlite", "postgres", "postgres_and_redis"])
def backing(request: pytest.FixtureRequest) -> Backing:
    """Give the addresses of a database with its tables, and of the store for short-lived tickets."""
    database, _, store = request.param.partition("_and_")
    return request.getfixturevalue(f"{database}_ready"), request.getfixturevalue(f"{store}_url") if store else "sql"


@pytest.fixture
async def nodes(backing: Backing, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open two nodes on each backing."""
    async with open_nodes(backing[0], tmp_path, ephemeral=backing[1]) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def ready(request: pytest.FixtureRequest) -> str:
    """Give the address of a database with its tables."""
    address: str = request.getfixturevalue(f"{request.param}_ready")
    return address


@pytest.fixture
async def pair(ready: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open two nodes on each database, for what has nothing to do with the store for short-lived tickets."""
    async with open_nodes(ready, tmp_path) as opened:
        yield opened


@pytest.fixture
async def cold_pair(ready: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open two nodes on each database that keep one session in memory, so that nearly every look is a miss."""
    async with open_nodes(ready, tmp_path, sessions={"cached": 1}) as opened:
        yield opened


@pytest.fixture
async def postgres_nodes(postgres_ready: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open three nodes on PostgreSQL, where writers truly run side by side."""
    async with open_nodes(postgres_ready, tmp_path, count=3) as opened:
        yield opened


@pytest.fixture
async def three_on_sqlite(sqlite_ready: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Open three nodes on SQLite."""
    async with open_nodes(sqlite_ready, tmp_path, count=3) as opened:
        yield opened
