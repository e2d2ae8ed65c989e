"""What test servers have in common: a port, a place, a process that can be stopped and started.

The data survives `stop` and `kill`, and `start` answers on the same port again. All three may be called from any
thread. When the tests die, `keeper.py` ends the server.
"""

import random
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from tests.servers.place import Place
from tests.servers.programs import Program

KEEPER = Path(__file__).with_name("keeper.py")
HOST = "127.0.0.1"
# Below the ports that the system hands out to clients: one of those could sit on ours while the server is stopped.
PORTS = range(15_000, 32_000)
TRIES = 5
PATIENCE = 60.0  # seconds; a server recovers from a crash in less


class ServerFailedError(Exception):
    """A server did not start or stop; the message ends with its log."""


class Server(ABC):
    """A real server for tests, answering from construction until `close`."""

    name: ClassVar[str]
    stopped_by: ClassVar[signal.Signals]
    killed_by: ClassVar[signal.Signals]
    steps_down: ClassVar[bool] = True  # not where it runs what only we may read, as packages beside the tests

    def __init__(self, program: Program) -> None:
        self.found = program
        self.place = Place(self.name)
        self.log = self.place.path / "log"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.program = self.place.bring(program) if self.steps_down else program.path
            self.prepare()
            self._start_on_some_port()
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before its first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the server's command line for `self.port`, the program without its path left out."""

    @abstractmethod
    def answers(self, pid: int) -> bool:
        """Tell whether the process with this number, and no other, serves our port."""

    def environment(self) -> dict[str, str]:
        """Return what the server reads from its environment besides language and time zone."""
        return {}

    @property
    @abstractmethod
    def url(self) -> str:
        """The address of a database that is always there."""

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start again on the same port and data; do nothing if it runs.

        Raises:
            ServerFailedError: If it ends or does not answer within a minute.
        """
        if self.running:
            return
        process = self._spawn()
        give_up = time.monotonic() + PATIENCE
        while not self.answers(process.pid):
            if process.poll() is not None:
                self._let_go()
                raise ServerFailedError(f"{self.name} ended with {process.returncode} at its start:\n{self._log()}")
            if time.monotonic() > give_up:
                self.kill()
                raise ServerFailedError(f"{self.name} does not answer:\n{self._log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server in order: what it was told is on disk afterwards.

        Raises:
            ServerFailedError: If it does not end within a minute.
        """
        self._end(self.stopped_by)

    def kill(self) -> None:
        """End the server as a crash does.

        Raises:
            ServerFailedError: If it does not end within a minute.
        """
        self._end(self.killed_by)

    def close(self) -> None:
        """End the server for good and delete its data."""
        try:
            self.kill()
        finally:
            self.place.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_on_some_port(self) -> None:
        for attempt in range(1, TRIES + 1):
            self.port = free_port()
            try:
                self.start()
            except ServerFailedError:  # somebody else took the port in between
                if attempt == TRIES:
                    raise
            else:
                return

    def _spawn(self) -> subprocess.Popen[bytes]:
        who = self.place.who if self.steps_down else None
        user = [str(who.uid), str(who.gid)] if who else ["-1", "-1"]
        keeper = [sys.executable, "-I", "-S", str(KEEPER), str(int(self.killed_by)), *user]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*keeper, str(self.program), *self.command()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.place.path,
                env={"LC_ALL": "C", "TZ": "UTC", **self.environment()},
                start_new_session=True,  # Ctrl-C is for the tests, which end the server in order
            )
        return self._process

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired as late:
            self._process.kill()
            self._process.wait()
            raise ServerFailedError(f"{self.name} ignored {number.name}:\n{self._log()}") from late
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Close the keeper's pipe; it finds the server gone and leaves."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
        self._process = None

    def _log(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


class WebServer(Server):
    """A server that speaks HTTP, and ends at once if it cannot have its port."""

    def answers(self, pid: int) -> bool:
        """Tell whether somebody listens."""
        return listens(self.port)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port of the loopback address."""
    with socket.socket() as asking:
        return asking.connect_ex((HOST, port)) == 0


def free_port() -> int:
    """Find a TCP port on the loopback address that nobody listens on.

    Raises:
        OSError: If a hundred ports in a row are taken.
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError("no free port")
