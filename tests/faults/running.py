"""A site whose background runs: it follows the log, seals, cleans up; its clock stands still until a test moves it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.read import read_settings
from coatcheck.testing.clock import ManualClock
from tests.site import ORIGIN, Site

T = TypeVar("T")
PATIENCE = 30.0  # seconds, for what happens within one or two
MASTER_KEY = "a2V5IGZvciB0ZXN0cyBhbG9uZSwgb2YgMzIgYnl0ZXM="


@asynccontextmanager
async def running(
    url: str, folder: Path, *, ephemeral: str = "sql", **sections: Mapping[str, object]
) -> AsyncIterator[Site]:
    """Run a site on a database, as a worker does; `sections` are settings by section."""
    overrides: dict[str, Mapping[str, object]] = {
        "database": {"url": url},
        "ephemeral": {"url": ephemeral},
        "secret": {"master_key": MASTER_KEY},
        "server": {"public_url": ORIGIN},
        "limits": {"overall_per_second": 1_000_000},
        **sections,
    }
    clock = ManualClock()
    auth = Coatcheck.from_settings(read_settings(None, {}, overrides), base=folder, clock=clock)
    async with auth.lifespan():
        yield Site(auth, auth.desk, clock)


async def eventually(look: Callable[[], Awaitable[T]], wanted: T) -> None:
    """Look again and again until what is wanted is there."""
    give_up = time.monotonic() + PATIENCE
    while (found := await look()) != wanted:
        assert time.monotonic() < give_up, f"still {found!r} instead of {wanted!r}"
        await asyncio.sleep(0.02)
