"""A real PostgreSQL for tests."""

import itertools
import signal
import subprocess
from urllib.parse import urlsplit

from tests.servers.server import HOST, Server, ServerFailedError

USER = "coatcheck"
# Durable as in production (fsync stays on), and small: each test worker has a server of its own.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "100",
    "max_wal_size": "128MB",
    "jit": "off",
}


class Postgres(Server):
    """A PostgreSQL cluster of its own; the user `coatcheck` may do everything and needs no password."""

    name = "postgres"
    stopped_by = signal.SIGINT
    # The postmaster's own crash: SIGKILL would leave its children to hold the data for a while.
    killed_by = signal.SIGQUIT

    def prepare(self) -> None:
        """Create the cluster."""
        self._numbers = itertools.count(1)
        self._data = self.place.path / "data"
        who = self.place.who
        options = ["--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(
            [self.program.with_name("initdb"), "-D", self._data, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.place.path,
            env={"LC_ALL": "C", "TZ": "UTC"},
            user=who.uid if who else None,
            group=who.gid if who else None,
            extra_groups=[] if who else None,
        )
        if made.returncode:
            raise ServerFailedError(f"initdb: {made.stderr}")

    def command(self) -> list[str]:
        """Return the server's arguments."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return ["-D", str(self._data), "-p", str(self.port), *settings]

    def answers(self, pid: int) -> bool:
        """Read it from the server's own pid file: the number first, the state in the eighth line."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    @property
    def url(self) -> str:
        """The address of the database that is always there, for looking after the server."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the address of a database by its name."""
        return f"postgresql://{USER}@{HOST}:{self.port}/{database}"

    def fresh_database(self, copy_of: str | None = None) -> str:
        """Create a database, starting the server if a test left it stopped.

        Args:
            copy_of: The address of a database to copy, which nobody may be connected to; empty without it.

        Returns:
            The new database's address.

        Raises:
            ServerFailedError: If the server refuses.
        """
        self.start()
        name = f"test_{next(self._numbers)}"
        template = _name(copy_of) if copy_of else "template1"
        # Copying files takes half as long as the default, which writes each page to the log as well.
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Delete a database and end whoever is connected to it.

        Args:
            url: Its address.

        Raises:
            ServerFailedError: If the server refuses.
        """
        self.start()
        self.run(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def run(self, sql: str, url: str | None = None) -> str:
        """Run one statement from outside the test's own process.

        Args:
            sql: The statement.
            url: The database's address; the one always there without it.

        Returns:
            The rows, one a line, columns separated by `|`.

        Raises:
            ServerFailedError: If the server refuses.
        """
        psql = self.program.with_name("psql")
        said = subprocess.run(
            [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url or self.url],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            raise ServerFailedError(f"{sql}: {said.stderr}")
        return said.stdout.rstrip("\n")


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
