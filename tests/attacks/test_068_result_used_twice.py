"""Attack 68: CVE-2025-46815, Zitadel: the result of a sign-in at a provider is used twice.

Here the trip is taken by one request of many before its code is redeemed, and what waits for an app is taken by one
call: fifty at once of either are one session, and the provider is asked once.
"""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from coatcheck.keys.algorithms import base64url
from coatcheck.storage.tables.sessions import sessions
from tests.attacks.lying import Lying, hop_of, leave, lying_at, sign_in_by
from tests.login.providers import come_back, trouble_of
from tests.site import Site

VERIFIER = "v" * 43
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())
APP = {"challenge": CHALLENGE, "present": "tokens", "return_to": "/app"}


async def sessions_of(site: Site) -> int:
    async with site.desk.database.reading() as db:
        return int((await db.execute(select(func.count()).select_from(sessions))).scalar_one())


async def fifty_ends(lying: Lying) -> None:
    lying.says("ada", "ada@example.com")
    browser = lying.site.browser()
    hop = await hop_of(browser, (await leave(lying, browser)).answer())
    answers = await asyncio.gather(*(browser.get(hop) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [303] + [400] * 49
    assert {trouble_of(each) for each in answers if each.status_code == 400} == {"trip_unknown"}
    assert await sessions_of(lying.site) == 1
    assert len(lying.acme.redeemed) == 1


async def fifty_collects(lying: Lying) -> None:
    lying.says("ada", "ada@example.com")
    told = (await sign_in_by(lying, lying.site.browser(), **APP)).headers["location"]
    [sign_in] = parse_qs(urlsplit(told).query)["sign_in"]
    app = lying.site.machine()
    path, body = f"/api/sign-in/{sign_in}/collect", {"verifier": VERIFIER}
    answers = await asyncio.gather(*(app.post(path, json=body) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [200] + [410] * 49
    assert await sessions_of(lying.site) == 1
    assert len(lying.acme.redeemed) == 1


async def test_fifty_ends_at_once(lying: Lying) -> None:
    await fifty_ends(lying)


async def test_fifty_collects_at_once(lying: Lying) -> None:
    await fifty_collects(lying)


async def test_the_same_on_postgresql(postgres_ready: str, tmp_path: Path) -> None:
    async with lying_at(postgres_ready, tmp_path) as lying:
        await fifty_ends(lying)


async def test_collects_on_postgresql(postgres_ready: str, tmp_path: Path) -> None:
    async with lying_at(postgres_ready, tmp_path) as lying:
        await fifty_collects(lying)


async def test_a_hop_that_was_followed_twice(lying: Lying) -> None:
    """A provider that answers twice, with two codes: one is redeemed, whichever comes first."""
    lying.says("ada", "ada@example.com")
    browser = lying.site.browser()
    left = await leave(lying, browser)
    lying.acme.nonces["a second code"] = left.asked["nonce"]
    hops = [await hop_of(browser, left.answer()), await hop_of(browser, left.answer(code="a second code"))]
    answers = await asyncio.gather(*map(browser.get, hops))
    assert sorted(each.status_code for each in answers) == [303, 400]
    assert len(lying.acme.redeemed) == 1


@pytest.mark.parametrize("status", [500, 400])
async def test_a_code_is_not_tried_again(lying: Lying, status: int) -> None:
    """Whatever the provider answered, it may have redeemed it (RFC 6749 section 4.1.2)."""
    browser = lying.site.browser()
    left = await leave(lying, browser)
    lying.acme.says("/token", {"error": "server_error"}, status)
    await come_back(browser, left.answer())
    lying.acme.publish()
    await come_back(browser, left.answer())
    assert len(lying.acme.redeemed) == 1
