"""Whether a database with a million sessions answers as fast as one with a thousand."""

import random
from contextlib import AsyncExitStack
from pathlib import Path

from bench.place import account_of, add_sessions, new_folder, open_desk
from bench.table import Line
from bench.turns import Measure, each, in_turns
from coatcheck.desk import Desk
from coatcheck.gate.cache import PrincipalCache
from coatcheck.gate.cookie import check_cookie
from coatcheck.sessions.records import list_live

FEW, MANY = 1_000, 1_000_000
ASKED = 100


async def measure() -> list[Line]:
    """Measure a miss, and one person's list."""
    async with AsyncExitStack() as stack:
        misses: dict[str, Measure] = {}
        lists: dict[str, Measure] = {}
        for name, count in (("other", FEW), ("ours", MANY)):
            folder = stack.enter_context(new_folder())
            desk = await stack.enter_async_context(open_desk(folder))
            misses[name] = _misses(desk, folder, count)
            lists[name] = _lists(desk, count)
        missed, listed = await in_turns(25, misses), await in_turns(25, lists)
    sizes = f"{MANY:,} sessions : {FEW:,}"
    return [
        Line(what=f"A miss with {sizes}", **missed, unit="µs", bound="at most", target=1.3),
        Line(what=f"One person's list with {sizes}", **listed, unit="µs", bound="at most", target=1.3),
    ]


def _misses(desk: Desk, folder: Path, count: int) -> Measure:
    secrets = add_sessions(folder, count, desk.now())

    async def check() -> None:
        desk.keep(PrincipalCache).forget_all()
        for secret in random.sample(secrets, ASKED):
            await check_cookie(desk, secret)

    return each(ASKED, check)


def _lists(desk: Desk, count: int) -> Measure:
    async def ask() -> None:
        for _ in range(ASKED):
            async with desk.database.reading() as db:
                await list_live(db, account_of(random.randrange(count)), desk.now())

    return each(ASKED, ask)
