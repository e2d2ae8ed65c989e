"""Real servers and a real browser for every test that names one, each started on first use, one per test worker."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from coatcheck.settings import PasswordSettings
from tests.login.providers import open_with, openid_server
from tests.ready import ready_database, ready_file
from tests.servers.chromium import FLAGS
from tests.servers.others import OpenIdServer
from tests.servers.postgres import Postgres
from tests.servers.programs import (
    Program,
    ProgramMissingError,
    all_caddy,
    all_chromium,
    all_envoy,
    all_nginx,
    all_node_servers,
    all_oidc_provider_mock,
    all_postgres,
    all_redis,
    all_simplesamlphp,
    all_traefik,
    first_that_runs,
)
from tests.servers.redis import Redis
from tests.site import Site, open_site

# A test's marks follow from the fixtures it uses; the quick tests go first.
MARK_OF_FIXTURE = {
    "postgres": "postgres",
    "redis": "redis",
    "chromium": "browser",
    "nginx_program": "proxy",
    "caddy_program": "proxy",
    "envoy_program": "proxy",
    "traefik_program": "proxy",
    "node_servers": "provider",
    "saml_program": "provider",
    "mock_program": "provider",
}
SLOWEST_FIRST = ("browser", "postgres", "redis", "proxy", "provider")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers it uses, and put those that use none first."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if mark := MARK_OF_FIXTURE.get(fixture):
                item.add_marker(mark)
            if fixture == "browser":  # it belongs to an event loop, so those who share it share the loop
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    items.sort(key=lambda item: [item.get_closest_marker(mark) is not None for mark in SLOWEST_FIRST])


def found(programs: list[Program], what: str) -> Program:
    """Return the program to use, or skip the test; where `CI=true` a missing one is a failure."""
    try:
        return first_that_runs(programs, what)
    except ProgramMissingError as missing:
        reason = str(missing)
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL server for this worker."""
    with Postgres(found(all_postgres(), "PostgreSQL")) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Return the address of an empty database for one test."""
    url = postgres.fresh_database()
    yield url
    postgres.drop(url)


@pytest.fixture
def postgres_ready(postgres: Postgres) -> Iterator[str]:
    """Return the address of a PostgreSQL database that has its tables."""
    url = ready_database(postgres)
    yield url
    postgres.drop(url)


@pytest.fixture
def sqlite_ready(tmp_path: Path) -> str:
    """Return the address of a SQLite database that has its tables."""
    return ready_file(tmp_path / "site.db")


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """Run a Redis or Valkey server for this worker."""
    with Redis(found(all_redis(), "Redis or Valkey")) as server:
        yield server


@pytest.fixture
def redis_url(redis: Redis) -> str:
    """Return the address of an empty Redis database for one test."""
    return redis.fresh_url()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the path of a Chromium that runs."""
    return found(all_chromium(), "Chromium").path


@pytest.fixture(scope="session")
def nginx_program() -> Program:
    """Return an nginx that runs; tests start it with configurations of their own."""
    return found(all_nginx(), "nginx")


@pytest.fixture(scope="session")
def caddy_program() -> Program:
    """Return a Caddy that runs."""
    return found(all_caddy(), "Caddy")


@pytest.fixture(scope="session")
def envoy_program() -> Program:
    """Return an Envoy that runs."""
    return found(all_envoy(), "Envoy")


@pytest.fixture(scope="session")
def traefik_program() -> Program:
    """Return a Traefik that runs."""
    return found(all_traefik(), "Traefik")


@pytest.fixture(scope="session")
def node_servers() -> Program:
    """Return the Node that npm's identity provider and authorization server run on; tests say who is known there."""
    return found(all_node_servers(), "servers of npm's")


@pytest.fixture(scope="session")
def work(node_servers: Program) -> Iterator[OpenIdServer]:
    """Run an OpenID provider where the people of tests sign in (`tests/login/providers.py` says who)."""
    with openid_server(node_servers) as running:
        yield running


@pytest.fixture
async def work_site(work: OpenIdServer, tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on SQLite that people sign in to with that provider."""
    async with open_with(work, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def saml_program() -> Program:
    """Return the PHP that simplesamlphp runs on."""
    return found(all_simplesamlphp(), "simplesamlphp")


@pytest.fixture(scope="session")
def mock_program() -> Program:
    """Return the Python that oidc-provider-mock runs on."""
    return found(all_oidc_provider_mock(), "oidc-provider-mock")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_running(chromium: Path) -> AsyncIterator[Browser]:
    """Launch a Chromium for this worker."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium_running: Browser) -> AsyncIterator[Browser]:
    """Give the worker's Chromium to one test, and take away what the test opened in it: nothing else is kept."""
    yield chromium_running
    for context in chromium_running.contexts:
        await context.close()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on SQLite."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as opened:
        yield opened


@pytest.fixture
async def real_site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on SQLite whose hashes cost what they cost without settings."""
    real = {"argon2_memory_kib": PasswordSettings().argon2_memory_kib}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords=real) as opened:
        yield opened


@pytest.fixture
async def postgres_site(postgres_ready: str, tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on PostgreSQL."""
    async with open_site(postgres_ready, tmp_path) as opened:
        yield opened


@pytest.fixture
async def redis_site(postgres_ready: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site on PostgreSQL with Redis."""
    async with open_site(postgres_ready, tmp_path, ephemeral=redis_url) as opened:
        yield opened


@pytest.fixture(params=["site", "postgres_site", "redis_site"])
def every_site(request: pytest.FixtureRequest) -> Site:
    """Run a test on each backing in turn."""
    opened: Site = request.getfixturevalue(request.param)
    return opened
