"""The hashing pool: memory counted, a flood turned away, first come first served. Attack: a storm of sign-ins."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from coatcheck.errors import Busy
from coatcheck.passwords.machine import Machine, this_machine
from coatcheck.passwords.pool import HashingPool
from coatcheck.passwords.schemes import Cost, UnknownHash
from coatcheck.settings.passwords import PasswordSettings

MIB = 1024 * 1024
FOUR_CORES = Machine(cores=4, memory_bytes=400 * MIB)  # a pool of 100 MiB


class Gate:
    """Work that begins, says so, and ends when it is let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._open = threading.Event()

    def work(self, name: str) -> Callable[[], str]:
        def waits() -> str:
            self.begun.append(name)
            assert self._open.wait(10)
            return name

        return waits

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def pool(gate: Gate) -> AsyncIterator[HashingPool]:
    pool = HashingPool(PasswordSettings(queue_limit=3), FOUR_CORES)
    yield pool
    gate.open()
    pool.close()


async def until(what: Callable[[], bool]) -> None:
    """Let threads and the loop go on until something holds."""
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110 (what threads do sets no asyncio event)
            await asyncio.sleep(0)


def start(pool: HashingPool, gate: Gate, name: str, mib: int, lanes: int = 1) -> "asyncio.Task[str]":
    return asyncio.create_task(pool.run(Cost(mib * MIB, lanes), gate.work(name)))


async def test_a_password_is_hashed_and_verified(pool: HashingPool) -> None:
    stored = await pool.hash("correct horse battery")
    assert await pool.verify(stored, "correct horse battery")
    assert not await pool.verify(stored, "correct horse batteri")
    assert pool.memory_in_use == 0


async def test_a_malformed_hash_is_an_error_and_takes_no_place(pool: HashingPool) -> None:
    with pytest.raises(UnknownHash):
        await pool.verify("$argon2id$nonsense", "x")
    assert pool.memory_in_use == 0


async def test_the_memory_of_running_hashes_is_counted_by_their_own_cost(pool: HashingPool, gate: Gate) -> None:
    large, small = start(pool, gate, "large", 60), start(pool, gate, "small", 30)
    await until(lambda: len(gate.begun) == 2)
    assert pool.memory_in_use == 90 * MIB
    waits = start(pool, gate, "waits", 20)
    await until(lambda: pool.waiting == 1)
    assert sorted(gate.begun) == ["large", "small"]
    gate.open()
    assert list(await asyncio.gather(large, small, waits)) == ["large", "small", "waits"]
    assert pool.memory_in_use == 0


async def test_no_more_run_at_once_than_there_are_cores(pool: HashingPool, gate: Gate) -> None:
    tasks = [start(pool, gate, str(place), 1, lanes=2) for place in range(3)]
    await until(lambda: pool.waiting == 1)
    await until(lambda: len(gate.begun) == 2)
    gate.open()
    await asyncio.gather(*tasks)
    assert len(gate.begun) == 3


async def test_a_hash_larger_than_the_pool_runs_alone(pool: HashingPool, gate: Gate) -> None:
    huge = start(pool, gate, "huge", 256, lanes=16)
    await until(lambda: gate.begun == ["huge"])
    assert pool.memory_in_use == pool.memory_bytes == 100 * MIB
    small = start(pool, gate, "small", 1)
    await until(lambda: pool.waiting == 1)
    gate.open()
    assert list(await asyncio.gather(huge, small)) == ["huge", "small"]


async def test_a_small_hash_does_not_overtake_a_large_one(pool: HashingPool, gate: Gate) -> None:
    first = start(pool, gate, "first", 60)
    await until(lambda: gate.begun == ["first"])
    large, small = start(pool, gate, "large", 90), start(pool, gate, "small", 10)
    await until(lambda: pool.waiting == 2)
    assert gate.begun == ["first"]
    gate.open()
    await asyncio.gather(first, large, small)
    assert gate.begun[1] == "large"


async def test_a_flood_is_turned_away_with_a_time_to_come_back(pool: HashingPool, gate: Gate) -> None:
    running = start(pool, gate, "running", 100)
    await until(lambda: gate.begun == ["running"])
    flood = [start(pool, gate, str(place), 1) for place in range(50)]
    await until(lambda: sum(task.done() for task in flood) == 47)
    turned_away = [task.exception() for task in flood if task.done()]
    assert all(isinstance(error, Busy) and error.retry_after >= 1 for error in turned_away)
    gate.open()
    assert await running == "running"
    assert await asyncio.gather(*flood[:3]) == ["0", "1", "2"]


async def test_a_caller_who_leaves_while_waiting_frees_the_place(pool: HashingPool, gate: Gate) -> None:
    running = start(pool, gate, "running", 100)
    await until(lambda: gate.begun == ["running"])
    waiting = [start(pool, gate, str(place), 1) for place in range(3)]
    await until(lambda: pool.waiting == 3)
    waiting[1].cancel()
    await until(waiting[1].done)
    assert pool.waiting == 2
    late = start(pool, gate, "late", 1)
    await until(lambda: pool.waiting == 3)
    gate.open()
    assert list(await asyncio.gather(running, waiting[0], waiting[2], late)) == ["running", "0", "2", "late"]
    assert sorted(gate.begun) == ["0", "2", "late", "running"]


async def test_those_behind_a_large_one_that_leaves_move_up(pool: HashingPool, gate: Gate) -> None:
    start(pool, gate, "first", 60)
    await until(lambda: gate.begun == ["first"])
    large, small = start(pool, gate, "large", 90), start(pool, gate, "small", 10)
    await until(lambda: pool.waiting == 2)
    large.cancel()
    await until(lambda: gate.begun == ["first", "small"])
    assert not small.done()


async def test_work_begun_is_counted_to_its_end_though_its_caller_left(pool: HashingPool, gate: Gate) -> None:
    task = start(pool, gate, "running", 100)
    await until(lambda: gate.begun == ["running"])
    task.cancel()
    await until(task.done)
    assert pool.memory_in_use == 100 * MIB
    gate.open()
    await until(lambda: pool.memory_in_use == 0)
    assert await pool.run(Cost(MIB), lambda: "next") == "next"


async def test_an_error_in_the_work_reaches_the_caller_and_frees_the_place(pool: HashingPool) -> None:
    def fails() -> None:
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        await pool.run(Cost(100 * MIB), fails)
    assert pool.memory_in_use == 0


async def test_closing_turns_the_waiting_away_and_takes_no_more(gate: Gate) -> None:
    pool = HashingPool(PasswordSettings(), FOUR_CORES)
    running = start(pool, gate, "running", 100)
    await until(lambda: gate.begun == ["running"])
    waiting = start(pool, gate, "waiting", 1)
    await until(lambda: pool.waiting == 1)
    closing = asyncio.create_task(asyncio.to_thread(pool.close))
    with pytest.raises(Busy):
        await waiting
    gate.open()
    assert await running == "running"
    await closing
    with pytest.raises(Busy):
        await pool.hash("correct horse battery")


def test_one_pool_serves_one_loop_after_another() -> None:
    pool = HashingPool(PasswordSettings(), FOUR_CORES)
    stored = asyncio.run(pool.hash("correct horse battery"))
    assert asyncio.run(pool.verify(stored, "correct horse battery"))
    pool.close()


@pytest.mark.parametrize(
    ("set_mib", "machine_mib", "pool_mib"),
    [(None, 4096, 1024), (None, 8, 19), (64, 4096, 64)],
)
def test_the_pools_memory_comes_from_the_setting_or_the_machine(
    set_mib: int | None, machine_mib: int, pool_mib: int
) -> None:
    pool = HashingPool(PasswordSettings(pool_memory_mib=set_mib), Machine(2, machine_mib * MIB))
    assert pool.memory_bytes == pool_mib * MIB
    pool.close()


def test_workers_share_a_machine() -> None:
    assert Machine(8, 800).shared_by(4) == Machine(2, 200)
    assert Machine(2, 800).shared_by(4) == Machine(1, 200)


def test_this_machine_has_a_core_and_memory() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.memory_bytes > 64 * MIB
