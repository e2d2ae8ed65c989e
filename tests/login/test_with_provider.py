"""Sign in with a provider that is real: the linked account, the first time, the owner's proof, second factors."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.login.providers import open_with, openid_server, sign_in_as
from tests.servers.others import OpenIdServer
from tests.servers.programs import Program
from tests.site import Site


@pytest.fixture(scope="module")
def server(node_servers: Program) -> Iterator[OpenIdServer]:
    with openid_server(node_servers) as running:
        yield running


@pytest.fixture
async def site(server: OpenIdServer, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_with(server, tmp_path) as opened:
        yield opened


async def linked(site: Site, browser: httpx.AsyncClient) -> list[str]:
    return [each["email"] for each in (await browser.get("/api/identities")).json()["identities"]]


async def test_who_comes_first_gets_an_account_and_comes_again(site: Site) -> None:
    async with site.browser() as first, site.browser() as second:
        answer = await sign_in_as(first, "ada")
        assert answer.status_code == 303, answer.text
        await sign_in_as(second, "ada")

        mine = (await first.get("/api/session")).json()
        assert mine["account"]["email"] == "ada@example.com"
        assert mine["account"]["id"] == (await second.get("/api/session")).json()["account"]["id"]
        assert await linked(site, first) == ["ada@example.com"]
