"""How often a key is used: never more than is allowed, over all workers, without a write for each."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr

from coatcheck.api_keys.uses import PORTIONS, KeyUses
from coatcheck.desk.ephemeral import Ephemeral
from coatcheck.errors import ApiKeyOverused, Busy
from tests.api_keys.making import asked, editor, key_of
from tests.races.nodes import open_nodes
from tests.site import Site, open_site
from tests.statements import statements

LIMIT = 40


async def uses(counting: KeyUses, times: int, key: str = "key_a") -> Counter[bool]:
    """Use a key so often at once; count what was let through."""

    async def one() -> bool:
        try:
            await counting.spend(key)
        except ApiKeyOverused:
            return False
        return True

    return Counter(await asyncio.gather(*(one() for _ in range(times))))


@pytest.mark.parametrize("ephemeral", ["memory", "sql"])
async def test_exactly_as_often_as_is_allowed(sqlite_ready: str, tmp_path: Path, ephemeral: str) -> None:
    async with open_site(sqlite_ready, tmp_path, ephemeral=ephemeral, api_keys={"per_minute": LIMIT}) as site:
        assert await uses(site.desk.keep(KeyUses), LIMIT + 20) == {True: LIMIT, False: 20}
        assert await uses(site.desk.keep(KeyUses), 5, "key_b") == {True: 5}, "each key is counted apart"
        site.clock.advance(timedelta(minutes=1))
        assert await uses(site.desk.keep(KeyUses), LIMIT + 1) == {True: LIMIT, False: 1}


async def test_one_more_than_fits_into_portions(sqlite_ready: str, tmp_path: Path) -> None:
    for limit in (1, 7, 41):
        async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": limit}) as site:
            assert (await uses(site.desk.keep(KeyUses), 60, f"key_{limit}"))[True] == limit


async def test_workers_count_together(sqlite_ready: str, tmp_path: Path) -> None:
    """Four workers, each asked in turn: never more than the limit, and few less."""
    async with open_nodes(sqlite_ready, tmp_path, count=4, api_keys={"per_minute": 100}) as nodes:
        outcomes = await asyncio.gather(*(uses(node.desk.keep(KeyUses), 60) for node in nodes))
        assert sum(each[True] for each in outcomes) <= 100
        assert sum(each[True] for each in outcomes) > 100 - 4 * 100 // PORTIONS


async def test_twenty_at_once_are_one_write(sqlite_ready: str, tmp_path: Path) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": 20 * PORTIONS}) as site:
        with statements() as ran:
            assert await uses(site.desk.keep(KeyUses), 20) == {True: 20}
        assert len([each for each in ran if "INSERT" in each]) == 1


async def test_once_it_is_over_nothing_is_written(sqlite_ready: str, tmp_path: Path) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": 2}) as site:
        await uses(site.desk.keep(KeyUses), 5)
        with statements() as ran:
            assert await uses(site.desk.keep(KeyUses), 20) == {False: 20}
        assert not ran


async def test_a_request_that_was_held_up_throws_nothing_away(site: Site) -> None:
    counting, now = site.desk.keep(KeyUses), site.desk.now()
    site.clock.advance(timedelta(minutes=1))
    await counting.spend("key_a")
    left = dict(counting._left)
    assert counting.take("key_b", now) is False
    assert counting._left == left


class _Away:
    """A store that cannot be reached."""

    async def count(self, kind: str, key: str, *, ttl_ms: int) -> int:
        raise Busy(because="away")


async def test_without_the_store_each_worker_counts_alone(sqlite_ready: str, tmp_path: Path) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": LIMIT}) as site:
        away: Any = _Away()
        store: Ephemeral = site.desk.ephemeral
        force_setattr(site.desk, "ephemeral", away)
        try:
            assert await uses(site.desk.keep(KeyUses), LIMIT + 5) == {True: LIMIT, False: 5}
        finally:
            force_setattr(site.desk, "ephemeral", store)


async def test_over_http(sqlite_ready: str, tmp_path: Path) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": 20}) as site:
        made = await key_of(site, (await editor(site)).id)
        answers = await asyncio.gather(*(asked(site, made.secret.reveal()) for _ in range(25)))
        assert Counter(each.status_code for each in answers) == {200: 20, 429: 5}
        over = next(each for each in answers if each.status_code == 429)
        assert over.json()["code"] == "api_key_overused"
        assert 0 < int(over.headers["retry-after"]) <= 60
        site.clock.advance(timedelta(seconds=int(over.headers["retry-after"])))
        await site.follow_log()
        assert (await asked(site, made.secret.reveal())).status_code == 200
