"""Real reverse proxies for tests, each started with a configuration that is written for its port and its folder."""

import signal
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from tests.servers.programs import Program
from tests.servers.server import HOST, WebServer

Configuration = Callable[[int, Path], str]
"""Writes a configuration for a port and the folder that the proxy may write to."""


class Proxy(WebServer):
    """A proxy that answers on a port of its own.

    Args:
        program: the proxy.
        write: its configuration; what it includes is put beside it by `files`.
        files: further files, by name.
    """

    stopped_by = signal.SIGTERM
    killed_by = signal.SIGTERM  # a master that is killed leaves its workers behind

    def __init__(self, program: Program, write: Configuration, files: dict[str, str] | None = None) -> None:
        self._write = write
        self._files = files or {}
        super().__init__(program)

    def prepare(self) -> None:
        """Put the files beside the configuration."""
        for name, text in self._files.items():
            (self.place.path / name).write_text(text)

    def written(self, name: str) -> str:
        """Write the configuration for the port there is now, and give its path."""
        path = self.place.path / name
        path.write_text(self._write(self.port, self.place.path))
        return str(path)


class Nginx(Proxy):
    """An nginx with one worker."""

    name = "nginx"

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return ["-e", "stderr", "-p", f"{self.place.path}/", "-c", self.written("nginx.conf"), "-g", "daemon off;"]


class Caddy(Proxy):
    """A Caddy without its administration."""

    name = "caddy"

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return ["run", "--config", self.written("Caddyfile"), "--adapter", "caddyfile"]


class Envoy(Proxy):
    """An Envoy with one worker."""

    name = "envoy"

    def command(self) -> list[str]:
        """Return the server's arguments."""
        alone = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
        return ["--config-path", self.written("envoy.yaml"), *alone]


class Traefik(Proxy):
    """A Traefik whose routes are beside its configuration."""

    name = "traefik"

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return [f"--configFile={self.written('static.yaml')}"]

    def answers(self, pid: int) -> bool:
        """Tell whether it has read its routes, too: it listens before, and there is nothing then."""
        if not super().answers(pid):
            return False
        with closing(HTTPConnection(HOST, self.port, timeout=5)) as asking:
            asking.request("GET", "/", headers={"host": "notes.example.org"})
            return asking.getresponse().status != HTTPStatus.NOT_FOUND
