"""Attack 115: harpi.cc 2024, django-allauth: asking again, or guessing at once, gives fresh tries at a mailed code.

No short code is mailed here yet: links carry 192 random bits. What can be guessed is the password that a sign-up's link
asks for outside the browser that asked. Its tries are spent before they are judged, so guesses sent at once share
them, they belong to the link and not to the asking, and a continuation of a sign-in is spent by one guess.
"""

import asyncio

import httpx

from tests.site import PASSWORD, Site

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
