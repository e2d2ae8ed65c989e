"""What every backing of the short-lived tickets promises: memory, SQLite, PostgreSQL, Valkey/Redis."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from coatcheck.desk.ephemeral import Ephemeral
from coatcheck.desk.ephemeral.memory import InMemory
from coatcheck.desk.ephemeral.opening import open_ephemeral
from coatcheck.desk.ephemeral.valkey import InValkey
from coatcheck.errors import Busy, ConfigurationError
from coatcheck.settings import DatabaseSettings, EphemeralSettings, Settings
from coatcheck.storage.database import Database
from coatcheck.testing.clock import ManualClock

MINUTE = 60_000
AT_ONCE = 50


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Ephemeral]:
    async for opened in _open(request, tmp_path, clock):
        yield opened


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def clocked(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Ephemeral]:
    """The backings whose time a test can move; Valkey has its own clock and is asked what it will do."""
    async for opened in _open(request, tmp_path, clock):
        yield opened


async def _open(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Ephemeral]:
    kept_in = {"memory": "memory", "redis": "redis"}.get(request.param, "sql")
    url = request.getfixturevalue("redis_url") if kept_in == "redis" else kept_in
    database_url = request.getfixturevalue("postgres_ready" if request.param == "postgres" else "sqlite_ready")
    database = Database(database_url)
    settings = replace(Settings(), ephemeral=EphemeralSettings(url=url), database=DatabaseSettings(url=database_url))
    opened = open_ephemeral(settings, database, clock)
    yield opened
    await opened.close()
    await database.close()


async def test_a_value_is_given_as_it_was_put(store: Ephemeral) -> None:
    value = bytes(range(256))
    assert await store.put("sign_in", "one", value, ttl_ms=MINUTE)
    assert await store.get("sign_in", "one") == value
    assert await store.get("sign_in", "one") == value


async def test_what_was_never_put_is_absent(store: Ephemeral) -> None:
    await store.put("sign_in", "one", b"1", ttl_ms=MINUTE)
    assert await store.get("sign_in", "two") is None
    assert await store.get("state", "one") is None
    assert await store.take("state", "one") is None


async def test_a_second_put_replaces(store: Ephemeral) -> None:
    await store.put("sign_in", "one", b"old", ttl_ms=MINUTE)
    assert await store.put("sign_in", "one", b"new", ttl_ms=MINUTE)
    assert await store.get("sign_in", "one") == b"new"


async def test_only_if_absent_keeps_what_is_there(store: Ephemeral) -> None:
    assert await store.put("sign_in", "one", b"first", ttl_ms=MINUTE, only_if_absent=True)
    assert not await store.put("sign_in", "one", b"second", ttl_ms=MINUTE, only_if_absent=True)
    assert await store.get("sign_in", "one") == b"first"


async def test_only_if_absent_stores_again_after_take(store: Ephemeral) -> None:
    await store.put("sign_in", "one", b"first", ttl_ms=MINUTE)
    assert await store.take("sign_in", "one") == b"first"
    assert await store.put("sign_in", "one", b"second", ttl_ms=MINUTE, only_if_absent=True)


async def test_take_spends(store: Ephemeral) -> None:
    await store.put("sign_in", "one", b"1", ttl_ms=MINUTE)
    assert await store.take("sign_in", "one") == b"1"
    assert await store.take("sign_in", "one") is None
    assert await store.get("sign_in", "one") is None


async def test_an_empty_value_is_a_value(store: Ephemeral) -> None:
    await store.put("sign_in", "one", b"", ttl_ms=MINUTE)
    assert await store.get("sign_in", "one") == b""
    assert await store.take("sign_in", "one") == b""


async def test_a_count_is_no_ticket(store: Ephemeral) -> None:
    await store.put("mail", "one", b"1", ttl_ms=MINUTE)
    assert await store.count("mail", "one", ttl_ms=MINUTE) == 1
    assert await store.take("mail", "one") == b"1"
    assert await store.take("mail", "one") is None
    assert await store.count("mail", "one", ttl_ms=MINUTE) == 2


async def test_counts_are_apart_by_kind_and_key(store: Ephemeral) -> None:
    assert await store.count("mail", "one", ttl_ms=MINUTE) == 1
    assert await store.count("mail", "two", ttl_ms=MINUTE) == 1
    assert await store.count("page", "one", ttl_ms=MINUTE) == 1
    assert await store.count("mail", "one", ttl_ms=MINUTE) == 2


async def test_of_many_takes_at_once_one_gets_it(store: Ephemeral) -> None:
    await store.put("sign_in", "one", b"1", ttl_ms=MINUTE)
    taken = await asyncio.gather(*(store.take("sign_in", "one") for _ in range(AT_ONCE)))
    assert Counter(taken) == {b"1": 1, None: AT_ONCE - 1}


async def test_of_many_first_puts_at_once_one_is_first(store: Ephemeral) -> None:
    puts = (store.put("nonce", "one", b"%d" % n, ttl_ms=MINUTE, only_if_absent=True) for n in range(AT_ONCE))
    stored = await asyncio.gather(*puts)
    assert sum(stored) == 1
    assert await store.get("nonce", "one") == b"%d" % stored.index(True)


async def test_many_counts_at_once_give_each_number_once(store: Ephemeral) -> None:
    counted = await asyncio.gather(*(store.count("mail", "one", ttl_ms=MINUTE) for _ in range(AT_ONCE)))
    assert sorted(counted) == list(range(1, AT_ONCE + 1))


async def test_a_value_is_there_until_its_last_millisecond(clocked: Ephemeral, clock: ManualClock) -> None:
    await clocked.put("sign_in", "one", b"1", ttl_ms=MINUTE)
    clock.advance(timedelta(milliseconds=MINUTE - 1))
    assert await clocked.get("sign_in", "one") == b"1"
    clock.advance(timedelta(milliseconds=1))
    assert await clocked.get("sign_in", "one") is None
    assert await clocked.take("sign_in", "one") is None


async def test_only_if_absent_stores_over_what_has_run_out(clocked: Ephemeral, clock: ManualClock) -> None:
    await clocked.put("sign_in", "one", b"old", ttl_ms=MINUTE)
    clock.advance(timedelta(minutes=1))
    assert await clocked.put("sign_in", "one", b"new", ttl_ms=MINUTE, only_if_absent=True)
    assert await clocked.get("sign_in", "one") == b"new"


async def test_counting_starts_again_after_the_time_of_the_first(clocked: Ephemeral, clock: ManualClock) -> None:
    assert await clocked.count("mail", "one", ttl_ms=MINUTE) == 1
    clock.advance(timedelta(seconds=59))
    assert await clocked.count("mail", "one", ttl_ms=MINUTE) == 2
    clock.advance(timedelta(seconds=1))
    assert await clocked.count("mail", "one", ttl_ms=MINUTE) == 1
    clock.advance(timedelta(seconds=59))
    assert await clocked.count("mail", "one", ttl_ms=MINUTE) == 2


async def test_valkey_removes_values_and_counts_by_itself(redis_url: str) -> None:
    store, server = InValkey(redis_url), Redis.from_url(redis_url)
    await store.put("sign_in", "one", b"1", ttl_ms=MINUTE)
    await store.put("nonce", "one", b"1", ttl_ms=2 * MINUTE, only_if_absent=True)
    await store.count("mail", "one", ttl_ms=3 * MINUTE)
    left = {name: await server.pttl(name) for name in await server.keys("*")}
    assert left.keys() == {b"coatcheck:sign_in:one", b"coatcheck:nonce:one", b"coatcheck:mail#:one"}
    assert MINUTE / 2 < left[b"coatcheck:sign_in:one"] <= MINUTE
    assert 1.5 * MINUTE < left[b"coatcheck:nonce:one"] <= 2 * MINUTE
    assert 2.5 * MINUTE < left[b"coatcheck:mail#:one"] <= 3 * MINUTE
    await store.close()
    await server.aclose()


async def test_valkey_counts_from_the_first_not_the_last(redis_url: str) -> None:
    store, server = InValkey(redis_url), Redis.from_url(redis_url)
    await store.count("mail", "one", ttl_ms=MINUTE)
    await store.count("mail", "one", ttl_ms=10 * MINUTE)
    assert await server.pttl("coatcheck:mail#:one") <= MINUTE
    await store.close()
    await server.aclose()


async def test_valkey_away_is_busy_and_shows_no_secret() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        store = InValkey(f"redis://:hush-hush@127.0.0.1:{closed.getsockname()[1]}/0")
        with pytest.raises(Busy) as busy:
            await store.take("sign_in", "hush-hush")
    assert busy.value.retry_after == 1
    assert busy.value.because == "ephemeral store: ConnectionError"
    assert busy.value.__cause__ is None
    await store.close()


def test_a_url_that_cannot_be_read_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError, match=r"ephemeral\.url cannot be read") as refused:
        InValkey("redis://:hush-hush@127.0.0.1:port/0")
    assert "hush-hush" not in str(refused.value)


async def test_memory_makes_room_by_what_ends_first(clock: ManualClock) -> None:
    store = InMemory(clock, capacity=3)
    for minutes in (5, 1, 3, 4):
        await store.put("sign_in", str(minutes), b"", ttl_ms=minutes * MINUTE)
    assert [await store.get("sign_in", key) for key in ("5", "1", "3", "4")] == [b"", None, b"", b""]


async def test_memory_is_bounded_however_often_one_ticket_is_replaced(clock: ManualClock) -> None:
    store = InMemory(clock, capacity=10)
    for n in range(1000):
        await store.put("sign_in", "one", b"%d" % n, ttl_ms=MINUTE + n)
        await store.put("state", str(n), b"", ttl_ms=MINUTE)
        await store.take("state", str(n))
    assert len(store._ends) <= 20
    assert await store.get("sign_in", "one") == b"999"


async def test_memory_forgets_what_has_run_out_when_something_is_put(clock: ManualClock) -> None:
    store = InMemory(clock)
    for n in range(100):
        await store.put("sign_in", str(n), b"", ttl_ms=MINUTE)
    clock.advance(timedelta(minutes=2))
    await store.put("sign_in", "new", b"", ttl_ms=MINUTE)
    assert len(store._tickets) == len(store._ends) == 1
