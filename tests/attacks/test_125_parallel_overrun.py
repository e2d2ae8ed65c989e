"""Attack 125: CVE-2024-4629, Keycloak: logins sent in parallel overrun the brute-force counter.

Where a failure is counted after the password was judged, or read first and written later, fifty guesses sent at once
are all judged before the first is counted. Here a try is spent before it is judged, by one statement that judges the
counter and counts in the same breath. On PostgreSQL and with two workers: tests/contracts/test_limits.py.
"""

import asyncio
from pathlib import Path

from coatcheck.limits.tries import Spent
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import HOME, attempt, make_tables, open_desk


async def test_of_fifty_guesses_at_once_five_are_judged(tmp_path: Path) -> None:
    url = await make_tables(f"sqlite:///{tmp_path / 'limits.db'}")
    async with open_desk(url, ManualClock()) as desk:
        outcomes = await asyncio.gather(*(attempt(desk, HOME) for _ in range(50)))
    assert sum(isinstance(outcome, Spent) for outcome in outcomes) == 5
