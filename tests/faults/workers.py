"""Real worker processes for tests: each a uvicorn that serves Coatcheck on a database it shares with the others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from coatcheck.admin.create_account import create_account
from coatcheck.desk import Desk
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.read import read_settings
from coatcheck.visit import Visit
from tests.servers.server import HOST, free_port
from tests.site import PASSWORD

ROOT = Path(__file__).parents[2]
COOKIE = "coatcheck-session"
PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Worker:
    """Hold one running worker.

    Args:
        url: where it is reached.
        process: it can be killed.
        log: what it wrote.
    """

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def person(self, number: int = 1) -> httpx.AsyncClient:
        """Open a client that comes from a loopback address of its own, so that the limits tell people apart."""
        transport = httpx.AsyncHTTPTransport(
            verify=False, local_address=f"127.0.{number // 250 + 1}.{number % 250 + 1}"
        )
        return httpx.AsyncClient(
            transport=transport, base_url=self.url, headers={"sec-fetch-site": "same-origin"}, timeout=PATIENCE
        )

    def kill(self) -> None:
        """End it as a crash does: nothing it holds in memory is written."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)


@dataclass(frozen=True)
class Deployment:
    """Say what all workers share: a folder, with a SQLite file in it and its key beside it."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The settings, as a worker's environment has them."""
        return {
            "COATCHECK_DATABASE__URL": f"sqlite:///{self.folder / 'app.db'}",
            "COATCHECK_LIMITS__OVERALL_PER_SECOND": "1000000",
        }

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[Desk]:
        """Open the database as a command line does."""
        auth = Coatcheck.from_settings(read_settings(None, self.environ), base=self.folder)
        try:
            yield await auth.open()
        finally:
            await auth.close()

    async def people(self, count: int) -> list[str]:
        """Make accounts; give their addresses."""
        emails = [f"person{number}@example.org" for number in range(count)]
        async with self.operator() as desk:
            for email in emails:
                await create_account(desk, Visit(), email=email, password=PASSWORD, actor="operator")
        return emails


@contextmanager
def workers(
    shared: Deployment, count: int = 2, *, app: str = "tests.faults.app:make_app", at: str = ""
) -> Iterator[list[Worker]]:
    """Start workers side by side, wait until each answers, and end them.

    Args:
        app: what makes the app that each serves.
        at: the path that Coatcheck is mounted at in it.
    """
    with ExitStack() as stack:
        started = [_start(shared, number, app) for number in range(count)]
        for worker in started:
            stack.callback(_end, worker)
        for worker in started:
            _wait_until_it_answers(worker, at)
        yield started


def _start(shared: Deployment, number: int, app: str) -> Worker:
    port, log = free_port(), shared.folder / f"worker{number}.log"
    serve = ["-m", "uvicorn", "--factory", app, "--host", HOST, "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *serve, "--no-access-log"],
            cwd=ROOT,
            env={**os.environ, **shared.environ},
            stdout=output,
            stderr=output,
        )
    return Worker(f"http://{HOST}:{port}", process, log)


def _wait_until_it_answers(worker: Worker, at: str) -> None:
    give_up = time.monotonic() + PATIENCE
    with httpx.Client(transport=httpx.HTTPTransport(verify=False)) as client:
        while time.monotonic() < give_up:
            assert worker.process.poll() is None, f"the worker did not start:\n{worker.log.read_text()[-4000:]}"
            try:
                client.get(f"{worker.url}{at}/healthz").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
    raise AssertionError(f"the worker does not answer:\n{worker.log.read_text()[-4000:]}")


def _end(worker: Worker) -> None:
    worker.process.terminate()
    try:
        worker.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        raise
