"""Attack 122: CVE-2025-24806, Authelia: failures are counted apart for the username and the email of one account.

Whoever knows both names has twice the guesses. Here what is counted is the account that a name leads to; this test
holds that at the level of limits, where the subject of every name is the account's id.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import ANN, CAFE, HOME, judged, make_tables, open_desk

# What finding the account makes of each name that was typed.
LEADS_TO = {"ann": ANN, "ann@example.org": ANN}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = await make_tables(f"sqlite:///{tmp_path / 'limits.db'}")
    async with open_desk(url, ManualClock(), account_per_day=7) as desk:
        yield desk


async def test_two_names_share_the_five_tries_of_a_pair(desk: Desk) -> None:
    assert sum([await judged(desk, HOME, LEADS_TO[name], times=5) for name in ("ann", "ann@example.org")]) == 5


async def test_two_names_share_the_accounts_day(desk: Desk) -> None:
    assert await judged(desk, HOME, LEADS_TO["ann"], times=5) == 5
    assert await judged(desk, CAFE, LEADS_TO["ann@example.org"], times=5) == 2
