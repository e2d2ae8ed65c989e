"""The hashing pool: the only place where passwords are hashed and verified, so many at once and no more.

A hash is slow and large on purpose, so whoever can ask for hashes can take the machine down with them. The pool runs
as many at once as there are cores, and as fit into its memory, each counted by its own cost: an imported hash may take
ten times what today's take. The others wait in line, first come, first served; past the limit they are told to come
back (`Busy`, 503).
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, Final, TypeVar

from msgspec import field

from coatcheck.errors import Busy
from coatcheck.passwords.machine import Machine, give_way_to_others, this_machine
from coatcheck.passwords.schemes import Cost, cost_today, hash_today, read
from coatcheck.secret import Veiled
from coatcheck.settings.passwords import PasswordSettings

_SHARE_OF_MEMORY: Final = 4
_RETRY_AFTER_SECONDS: Final = 2
_Answer = TypeVar("_Answer")


class _Job(Veiled, frozen=True, eq=False):
    veils: ClassVar = frozenset({"work"})

    cost: Cost
    work: Callable[[], Any]
    # A future of threads, not of asyncio: it belongs to no loop, so one pool serves whichever loop asks.
    answer: Future[Any] = field(default_factory=Future)


class HashingPool:
    """Hash and verify passwords on threads, within a bound of memory, cores and waiting callers.

    Args:
        settings: today's argon2id parameters, `pool_memory_mib` and `queue_limit`.
        machine: what this worker may use; this machine when left out.

    See: ASVS 6.3.1; OWASP Password Storage Cheat Sheet.
    """

    def __init__(self, settings: PasswordSettings, machine: Machine | None = None) -> None:
        machine = machine or this_machine()
        self._settings = settings
        self._memory = self._free_memory = _budget(settings, machine)
        self._lanes = self._free_lanes = machine.cores
        self._waiting: deque[_Job] = deque()
        self._threads = ThreadPoolExecutor(
            machine.cores, thread_name_prefix="coatcheck-hashing", initializer=give_way_to_others
        )
        self._lock = threading.Lock()
        self._closed = False

    @property
    def memory_bytes(self) -> int:
        """How much memory all running hashes may use at once."""
        return self._memory

    @property
    def memory_in_use(self) -> int:
        """How much memory the running hashes are counted for."""
        return self._memory - self._free_memory

    @property
    def waiting(self) -> int:
        """How many callers wait in line."""
        return len(self._waiting)

    async def hash(self, password: str) -> str:
        """Hash a password with today's settings.

        Args:
            password: the password, after `rules.prepare`.

        Raises:
            Busy: too many wait already, or the pool is closed.
        """
        return await self.run(cost_today(self._settings), lambda: hash_today(password, self._settings))

    async def verify(self, stored: str, password: str) -> bool:
        """Say whether a password is the one of a stored hash, of whatever scheme.

        Args:
            stored: the stored hash, or a decoy.
            password: the password, after `rules.prepare`.

        Raises:
            Busy: too many wait already, or the pool is closed.
            UnknownHash: the stored hash is malformed or of no scheme we read.
        """
        parsed = read(stored)
        return await self.run(parsed.cost, lambda: parsed.verify(password))

    async def run(self, cost: Cost, work: Callable[[], _Answer]) -> _Answer:
        """Run work of a stated cost on a thread as soon as its turn has come.

        A caller cancelled while waiting frees its place at once; work already begun is counted until it ends.

        Args:
            cost: memory and lanes that the work takes; above the pool's own it waits until it can run alone.
            work: what to compute, without touching the loop.

        Raises:
            Busy: too many wait already, or the pool is closed.
        """
        job = _Job(Cost(min(cost.memory_bytes, self._memory), min(cost.lanes, self._lanes)), work)
        self._join(job)
        try:
            answer: _Answer = await asyncio.wrap_future(job.answer)
        except asyncio.CancelledError:
            self._leave(job)
            raise
        return answer

    def close(self) -> None:
        """Turn away everybody who waits, take no more, and block until the running hashes have ended."""
        with self._lock:
            self._closed = True
            turned_away = list(self._waiting)
            self._waiting.clear()
        for job in turned_away:
            if job.answer.set_running_or_notify_cancel():
                job.answer.set_exception(Busy(_RETRY_AFTER_SECONDS, because="the hashing pool is closing"))
        self._threads.shutdown()

    def _join(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise Busy(_RETRY_AFTER_SECONDS, because="the hashing pool is closed")
            if len(self._waiting) >= self._settings.queue_limit:
                raise Busy(_RETRY_AFTER_SECONDS, because=f"{len(self._waiting)} hashes wait already")
            self._waiting.append(job)
            self._start_what_fits()

    def _leave(self, job: _Job) -> None:
        with self._lock:
            if job.answer.cancel() and job in self._waiting:
                self._waiting.remove(job)
                self._start_what_fits()  # the one that left may have been too large for the room there was

    def _start_what_fits(self) -> None:
        """Start jobs from the head of the line; nobody overtakes, else a large hash would wait for ever."""
        while self._waiting and self._fits(self._waiting[0].cost):
            job = self._waiting.popleft()
            if job.answer.set_running_or_notify_cancel():
                self._take(job.cost)
                self._threads.submit(self._work, job)

    def _fits(self, cost: Cost) -> bool:
        return cost.memory_bytes <= self._free_memory and cost.lanes <= self._free_lanes

    def _take(self, cost: Cost) -> None:
        self._free_memory -= cost.memory_bytes
        self._free_lanes -= cost.lanes

    def _give_back(self, cost: Cost) -> None:
        with self._lock:
            self._free_memory += cost.memory_bytes
            self._free_lanes += cost.lanes
            self._start_what_fits()

    def _work(self, job: _Job) -> None:
        # The place is given back first, so that whoever gets the answer finds it free.
        try:
            answer = job.work()
        except BaseException as problem:  # noqa: BLE001 (it is handed to the caller, who else would wait for ever)
            self._give_back(job.cost)
            job.answer.set_exception(problem)
        else:
            self._give_back(job.cost)
            job.answer.set_result(answer)


def _budget(settings: PasswordSettings, machine: Machine) -> int:
    """Give the bytes all running hashes may use: as set, else a quarter of the machine; one of today's always fits."""
    if settings.pool_memory_mib is not None:
        return settings.pool_memory_mib * 1024 * 1024
    return max(machine.memory_bytes // _SHARE_OF_MEMORY, cost_today(settings).memory_bytes)
