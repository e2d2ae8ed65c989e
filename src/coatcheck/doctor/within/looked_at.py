"""What the doctor looks at from within: the settings and the file they stand in."""

from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from coatcheck.http.reached import is_this_machine
from coatcheck.settings import Settings


class LookedAt(Struct, frozen=True, kw_only=True):
    """Hold what the checks of the settings read.

    Args:
        settings: with the environment's values, as the server has them.
        config: the settings file.
    """

    settings: Settings
    config: Path

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the settings serve this machine alone."""
        url = self.settings.server.public_url
        return url is None or is_this_machine(urlsplit(url).netloc)


def host_of(url: str) -> str:
    """Give the host of an address; empty where it names none, as a socket on this machine."""
    return urlsplit(url).hostname or ""


def is_near(host: str) -> bool:
    """Tell whether a host is this machine, so that what goes there crosses no network."""
    return host in ("", "localhost", "127.0.0.1", "::1")
