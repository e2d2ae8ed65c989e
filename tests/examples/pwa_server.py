"""The installable notes as a process that tests may kill, which counts what it is asked: give it a port, a folder."""

import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from coatcheck.server.bounded_http import BoundedHttp
from tests.examples.pwa_house import ANN, pwa
from tests.servers.programs import Program
from tests.servers.server import WebServer

ROOT = Path(__file__).parents[2]
LOG = "asked"


class PwaServer(WebServer):
    """The app on a real server: `kill` ends it as a crash does, `start` brings it back with all that it kept."""

    name = "pwa-server"
    stopped_by = signal.SIGTERM
    killed_by = signal.SIGKILL
    steps_down = False

    def __init__(self) -> None:
        super().__init__(Program(path=Path(sys.executable), needs=()))

    def prepare(self) -> None:
        """Prepare nothing: the app does at its start."""

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return ["-m", "tests.examples.pwa_server", str(self.port), str(self.place.path)]

    def environment(self) -> dict[str, str]:
        """Return where its modules are."""
        return {"PYTHONPATH": str(ROOT)}

    @property
    def url(self) -> str:
        """The app's origin: Coatcheck is under `/auth`, the page at `/pwa/`."""
        return f"http://localhost:{self.port}"

    def asked(self, method: str, below: str) -> list[str]:
        """Give the idempotency key of each request of a kind that has come, an empty one where there was none."""
        lines = [line.split(" ") for line in (self.place.path / LOG).read_text("utf-8").splitlines()]
        return [key for asked, path, key in lines if asked == method and path.startswith(below)]

    def notes(self, email: str = ANN) -> list[str]:
        """Give what somebody's notes say, in the order in which they were written."""
        query = "SELECT text FROM notes WHERE account = ? ORDER BY changed_at"
        return [text for [text] in self._select("notes.db", query, self.account(email))]

    def account(self, email: str) -> str:
        """Give the id of somebody's account."""
        [[account]] = self._select("site.db", "SELECT id FROM accounts WHERE email = ?", email)
        return account

    def sessions(self) -> list[str]:
        """Give the ids of everybody's sessions."""
        return [session for [session] in self._select("site.db", "SELECT id FROM sessions ORDER BY created_at")]

    def _select(self, file: str, query: str, *values: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.place.path / file)) as db:
            return db.execute(query, values).fetchall()


@dataclass(frozen=True)
class Counted:
    """Note down each request before the app sees it, where a crash leaves it."""

    app: ASGIApp
    note: Callable[[str], object]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] == "http":
            key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
            self.note(f"{scope['method']} {scope['path']} {key}\n")
        await self.app(scope, receive, send)


def main(port: str, folder: str) -> None:
    """Serve it until it is stopped."""
    with Path(folder, LOG).open("a", buffering=1, encoding="utf-8") as log:
        app = Counted(pwa(int(port), Path(folder)), log.write)
        uvicorn.run(app, host="127.0.0.1", port=int(port), http=BoundedHttp, proxy_headers=False, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
