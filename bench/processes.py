"""Servers as processes of their own: started on a free port, waited for, looked at and ended."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_SECONDS = 60.0
# As an installed package runs: with its modules compiled once, not at each start.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_USS = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")


@dataclass(frozen=True)
class Server:
    """Hold a running server.

    Args:
        seconds: from the start of its process to its first answer.
    """

    process: subprocess.Popen[bytes]
    port: int
    seconds: float

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def own_mib(self) -> float:
        """Give the memory that would be free without this process (USS), in MiB."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        kib = sum(int(line.split()[1]) for line in lines if line.startswith(_USS))
        return kib / 1024


@contextmanager
def running(name: str, argument: Path, *, answers: str, status: int = 200, port: int | None = None) -> Iterator[Server]:
    """Run a server of `bench.servers` until the block is left; `answers` is a path that it answers with a status.

    Raises:
        RuntimeError: it ends at once, or does not answer in a minute.
    """
    port = port or free_port()
    command = [sys.executable, "-m", f"bench.servers.{name}", str(port), str(argument)]
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=_ENVIRONMENT) as process:
        try:
            wait_for(process, port, answers, status=status)
            yield Server(process, port, time.perf_counter() - began)
        finally:
            process.terminate()


def seconds_of(*arguments: str) -> float:
    """Run Python and give how long it took from start to end.

    Raises:
        CalledProcessError: it failed.
    """
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=_ENVIRONMENT)
    return time.perf_counter() - began


def wait_for(process: subprocess.Popen[bytes], port: int, path: str, *, status: int | None) -> None:
    """Wait until a path is answered with a status, or with any.

    Raises:
        RuntimeError: the process ends, or does not answer in a minute.
    """
    ends = time.perf_counter() + _PATIENCE_SECONDS
    while not _answers(port, path, f"HTTP/1.1 {status or ''}".encode()):
        if process.poll() is not None or time.perf_counter() > ends:
            raise RuntimeError(f"{process.args!r} does not answer")
        time.sleep(0.005)


def _answers(port: int, path: str, begins: bytes) -> bool:
    """Ask by a bare socket: making an HTTP client would take a part of the time that is measured."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as asking:
            asking.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            return asking.recv(64).startswith(begins)
    except OSError:
        return False


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
