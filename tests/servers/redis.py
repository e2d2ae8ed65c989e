"""A real Redis or Valkey for tests."""

import itertools
import signal

import redis as client
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.server import HOST, Server

DATABASES = 64


class Redis(Server):
    """A Redis of its own that appends each command to a file, so a restart keeps the data."""

    name = "redis"
    stopped_by = signal.SIGTERM
    killed_by = signal.SIGKILL

    def prepare(self) -> None:
        """Count the databases given out."""
        self._numbers = itertools.count(1)

    def command(self) -> list[str]:
        """Return the server's arguments."""
        where = ["--bind", HOST, "--port", str(self.port), "--dir", str(self.place.path)]
        keep = ["--appendonly", "yes", "--save", "", "--databases", str(DATABASES)]
        return [*where, *keep, "--daemonize", "no"]

    def answers(self, pid: int) -> bool:
        """Ask the server on our port for its process number."""
        try:
            with client.Redis(host=HOST, port=self.port, retry=Retry(NoBackoff(), 0)) as asked:
                return int(asked.info("server")["process_id"]) == pid
        except (client.ConnectionError, client.ResponseError):  # not there, or still loading
            return False

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://{HOST}:{self.port}/0"

    def fresh_url(self) -> str:
        """Return the address of an empty database, starting the server if a test left it stopped.

        The 64th call from now gets the same one, emptied.

        Raises:
            redis.RedisError: If the server refuses.
        """
        self.start()
        number = next(self._numbers) % DATABASES
        with client.Redis(host=HOST, port=self.port, db=number) as fresh:
            fresh.flushdb()
        return f"redis://{HOST}:{self.port}/{number}"
