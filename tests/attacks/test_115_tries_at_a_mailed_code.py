"""Attack 115: harpi.cc 2024, django-allauth: asking again, or guessing at once, gives fresh tries at a mailed code.

Here a try is spent before it is judged. It is counted on the sign-in, which another code does not begin anew, and on
the account across sign-ins, so neither asking again nor beginning again gives a guess more; and a continuation is
spent by one guess, so that of guesses sent at once one is judged. A code that the outbox dropped never counts. Tries at
the password of a sign-up's link belong to the link, likewise.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.mailed import begun, code_for, coded_site, other_than
from tests.site import PASSWORD, Site

ALL_FIVE = [401] * 5
GUESSES = [f"guess number {number} at it" for number in range(20)]


async def guess(site: Site, token: str, password: str) -> httpx.Response:
    browser = site.browser(address="198.51.100.66")
    return await browser.post("/api/sign-up/confirm", json={"token": token, "password": password})


async def asked_link(site: Site) -> str:
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    return await site.token("ann@example.org")


async def test_guesses_at_once_share_five_tries(site: Site) -> None:
    token = await asked_link(site)
    answers = await asyncio.gather(*(guess(site, token, password) for password in GUESSES))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


async def test_asking_again_gives_no_tries_back(site: Site) -> None:
    token = await asked_link(site)
    for password in GUESSES[:5]:
        assert (await guess(site, token, password)).status_code == 401
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    for password in (GUESSES[5], PASSWORD):
        assert (await guess(site, token, password)).status_code == 429


async def test_a_continuation_is_spent_by_one_guess(site: Site) -> None:
    await site.person()
    begun = (await site.browser().post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    path = f"/api/sign-in/{begun['sign_in']}/password"
    bodies = [{"continuation": begun["continuation"], "password": password} for password in GUESSES[:8]]
    answers = await asyncio.gather(*(site.browser().post(path, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [401] + [410] * 7


@pytest.fixture
async def coded(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where a mailed code is a way in."""
    async with coded_site(tmp_path) as opened:
        await opened.person()
        yield opened


async def test_another_code_gives_no_tries_back(coded: Site) -> None:
    way, statuses = await begun(coded.browser()), []
    for _ in range(3):
        await way.start()
        wrong = other_than(await code_for(coded))
        statuses += [(await way.prove(wrong)).status_code for _ in range(2)]
        coded.clock.advance(timedelta(minutes=6))  # the counters of the account forget the first ones meanwhile
    assert statuses == [*ALL_FIVE, 410]
    assert (await way.start()).status_code == 410


async def test_another_sign_in_gives_no_tries_back(coded: Site) -> None:
    statuses = []
    for _ in range(6):
        way = await begun(coded.browser())
        await way.start()
        statuses.append((await way.prove("0000 0000")).status_code)
    assert statuses == [*ALL_FIVE, 429]
    fresh = await begun(coded.browser())
    await fresh.start()
    assert (await fresh.prove(await code_for(coded))).status_code == 429, "the right one neither: it is not judged"


async def test_other_addresses_share_the_day_of_the_account(tmp_path: Path) -> None:
    async with coded_site(tmp_path, limits={"account_per_day": 7}) as site:
        await site.person()
        statuses = []
        for number in range(9):
            way = await begun(site.browser(address=f"198.51.100.{number}"))
            await way.start()
            statuses.append((await way.prove("0000 0000")).status_code)
        assert statuses == [401] * 7 + [429] * 2


async def test_of_guesses_at_once_one_is_judged(coded: Site) -> None:
    way = await begun(coded.browser())
    await way.start()
    guesses = [f"{number:08d}" for number in range(20)]
    answers = await asyncio.gather(*(way.prove(guess) for guess in guesses))
    judged = [answer for answer in answers if answer.status_code == 401]
    assert len(judged) <= 5
    assert {answer.status_code for answer in answers} <= {401, 410}


async def test_a_dropped_code_cannot_be_guessed(coded: Site) -> None:
    """Else asking on and on would give codes to guess at that no mailbox ever saw."""
    for _ in range(3):
        await (await begun(coded.browser())).start()
    before = await code_for(coded)
    way = await begun(coded.browser())
    await way.start()
    assert await code_for(coded) == before
    assert (await way.prove(before)).status_code == 401
