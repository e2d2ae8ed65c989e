"""Attack 122: CVE-2025-24806, Authelia: failures are counted apart for the username and the email of one account.

Whoever knows both names has twice the guesses. Here what is counted is the account that a name leads to: held at the
level of limits, where the subject of every name is the account's id, and at the sign-in call itself.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import ANN, CAFE, HOME, judged, make_tables, open_desk
from tests.site import PASSWORD, Site, sign_in

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


async def test_two_names_share_them_at_the_sign_in_call(site: Site) -> None:
    await site.person(username="ann")
    names = ("ann", "ann@example.org", "ANN", "Ann@Example.org", " ann ", " ann@example.org") * 2
    answers = [(await sign_in(site.browser(), name, "not the password at all")).status_code for name in names]
    assert answers == [401] * 5 + [429] * 7
    elsewhere = site.browser(address="198.51.100.9")
    assert (await sign_in(elsewhere, "ann", PASSWORD)).status_code == 200


async def test_a_name_nobody_has_is_counted_by_its_spellings_together(site: Site) -> None:
    names = ("Bob@Example.org", "bob@example.org", " BOB@example.org ", "bob@EXAMPLE.org") * 2
    answers = [(await sign_in(site.browser(), name, "not the password at all")).status_code for name in names]
    assert answers == [401] * 5 + [429] * 3
