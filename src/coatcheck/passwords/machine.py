"""What the machine gives one worker for hashing: cores and memory, a container's limits respected."""

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

_CGROUP_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
_GUESS_BYTES: Final = 1024**3
_NICENESS: Final = 10


class Machine(Struct, frozen=True):
    """Say what one worker may use.

    Args:
        cores: processors, at least 1.
        memory_bytes: memory in bytes.
    """

    cores: int
    memory_bytes: int

    def shared_by(self, workers: int) -> "Machine":
        """Give one worker's share, never less than one core."""
        return Machine(max(1, self.cores // workers), self.memory_bytes // workers)


def this_machine() -> Machine:
    """Look at this machine, as far as this process may use it."""
    limits = [limit for limit in (_physical_bytes(), _container_bytes()) if limit]
    return Machine(_cores(), min(limits, default=_GUESS_BYTES))


def give_way_to_others() -> None:
    """Let the other threads of this process go first, where the system can tell threads apart.

    A hash keeps a core for as long as many requests take. Without this every step of them would wait behind it.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # not allowed, or niced already
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _physical_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not every system tells
        return None


def _container_bytes() -> int | None:
    try:
        text = _CGROUP_LIMIT.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
