"""Giving tokens back: revoked at the provider that gave them, tried again while it is away, forgotten after a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from coatcheck.storage.tables.upstream import upstream_givebacks
from coatcheck.storage.tidy import tidy
from coatcheck.upstream import records
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.give_back import GiveBack, queue_giveback, queue_tokens
from tests.login.providers import NAME
from tests.races.nodes import PATIENCE
from tests.servers.others import OpenIdServer
from tests.site import Site
from tests.upstream.hostile import Hostile, answer, hostile
from tests.upstream.kept import ada, ask_at, is_good, keeping, made_up, provider_of, token, waiting_givebacks


@pytest.fixture
async def keepers(work: OpenIdServer, tmp_path: Path) -> AsyncIterator[tuple[Site, ...]]:
    """Open two sites on one database."""
    async with keeping(work, f"sqlite:///{tmp_path / 'site.db'}", tmp_path, count=2) as opened:
        yield opened


@pytest.fixture
def keeper(keepers: tuple[Site, ...]) -> Site:
    """Give one of them."""
    return keepers[0]


@pytest.fixture
async def other() -> AsyncIterator[Hostile]:
    """Run a provider that answers as a test says."""
    async with hostile() as running:
        yield running


async def unlink(site: Site, account: str) -> None:
    async with site.desk.database.writing() as tx:
        [linked] = await records.list_of(tx, account)
        await queue_giveback(tx, site.desk, identity=linked.id, provider=linked.provider)
        await records.remove(tx, account, linked.id)


async def queue(site: Site, *names: str) -> None:
    """Queue tokens that no provider gave."""
    async with site.desk.database.writing() as tx:
        for name in names:
            await queue_tokens(tx, site.desk, provider=NAME, tokens=made_up(name))


async def give_due(site: Site) -> int:
    return await site.desk.keep(GiveBack).give_due()


async def test_what_is_given_back_counts_there_no_more(work: OpenIdServer, keeper: Site) -> None:
    account = await ada(keeper)
    access = await token(keeper, account)
    await unlink(keeper, account)
    assert await is_good(work, access)

    assert await give_due(keeper) == 1

    assert not await is_good(work, access)
    assert await waiting_givebacks(keeper) == []
    assert await give_due(keeper) == 0


async def test_it_begins_by_itself_when_the_unlinking_commits(work: OpenIdServer, keeper: Site) -> None:
    account = await ada(keeper)
    access = await token(keeper, account)
    running = asyncio.create_task(keeper.desk.keep(GiveBack).run())
    await asyncio.sleep(0)
    await unlink(keeper, account)
    async with asyncio.timeout(PATIENCE):
        while await waiting_givebacks(keeper):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.01)
    running.cancel()
    assert not await is_good(work, access)


async def test_it_is_tried_again_while_the_provider_is_away(keeper: Site, other: Hostile) -> None:
    other.does["/revoke"] = answer(500, b"")
    ask_at(keeper, revocation=f"{other.url}/revoke")
    await queue(keeper, "one")
    tries: list[int] = []
    for _ in range(4):
        assert await give_due(keeper) == 0
        assert await waiting_givebacks(keeper) == ["one"]
        assert await give_due(keeper) == 0, "it is not due at once again"
        keeper.clock.advance(timedelta(minutes=2 ** (len(tries) + 1)))
        tries.append(len(other.heard))
    assert tries == [1, 2, 3, 4]

    other.does["/revoke"] = answer(200, b"")
    assert await give_due(keeper) == 1
    assert await waiting_givebacks(keeper) == []


async def test_after_a_day_it_is_forgotten(keeper: Site, other: Hostile) -> None:
    other.does["/revoke"] = answer(500, b"")
    ask_at(keeper, revocation=f"{other.url}/revoke")
    await queue(keeper, "one")
    await give_due(keeper)
    keeper.clock.advance(timedelta(hours=23))
    await tidy(keeper.desk.database, keeper.clock.now())
    assert await waiting_givebacks(keeper) == ["one"]

    keeper.clock.advance(timedelta(hours=1, minutes=2))
    await tidy(keeper.desk.database, keeper.clock.now())

    assert await waiting_givebacks(keeper) == []


async def test_a_provider_that_is_configured_no_more_is_not_asked(keeper: Site) -> None:
    await queue(keeper, "one")
    keeper.desk.keep(Providers).use([replace(provider_of(keeper), name="another")])
    assert await give_due(keeper) == 0
    assert await waiting_givebacks(keeper) == []


async def test_one_that_takes_nothing_back_is_not_asked(keeper: Site, other: Hostile) -> None:
    provider = replace(provider_of(keeper), kind="oauth2")
    bare = replace(provider.endpoints, discovery="", token=f"{other.url}/token", revocation="")
    keeper.desk.keep(Providers).use([replace(provider, endpoints=bare)])
    await queue(keeper, "one")
    assert await give_due(keeper) == 0
    assert (await waiting_givebacks(keeper), other.heard) == ([], [])


async def test_one_that_cannot_be_read_stops_no_other(keeper: Site, other: Hostile) -> None:
    """Its master key is gone, say: it would have stopped every round."""
    other.does["/revoke"] = answer(200, b"")
    ask_at(keeper, revocation=f"{other.url}/revoke")
    await queue(keeper, "one")
    async with keeper.desk.database.writing() as tx:
        await tx.execute(update(upstream_givebacks).values(sealed=b"\1" + bytes(60)))
    await queue(keeper, "two", "three")
    assert await give_due(keeper) == 2
    assert await waiting_givebacks(keeper) == []


async def test_two_workers_give_each_back_once(keepers: tuple[Site, ...], other: Hostile) -> None:
    other.does["/revoke"] = answer(200, b"")
    for site in keepers:
        ask_at(site, revocation=f"{other.url}/revoke")
    await queue(keepers[0], *(f"token-{number}" for number in range(12)))

    given = await asyncio.gather(*(give_due(site) for site in keepers * 2))

    assert sum(given) == len(other.heard) == 12


async def test_a_change_that_was_rolled_back_gives_nothing_back(keeper: Site) -> None:
    account = await ada(keeper)

    async def change() -> None:
        async with keeper.desk.database.writing() as tx:
            [linked] = await records.list_of(tx, account)
            await queue_giveback(tx, keeper.desk, identity=linked.id, provider=linked.provider)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change()
    assert await waiting_givebacks(keeper) == []
