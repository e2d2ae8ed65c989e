"""Attack 118: CVE-2026-45364 (GHSA-p6v2-xcpg-h6xw), better-auth: fresh counters by rotating inside one IPv6 /64.

A customer of any network holds at least a /64, so an attacker can try from 2^64 addresses; and one address can be
written in many ways (`::ffff:1.2.3.4`, upper case, hexadecimal). Where the counter's key is the text of the address,
each gives five more tries. Here a key is the /64 of the parsed address, or the IPv4 address inside it.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.desk import Desk
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import from_address, judged, make_tables, open_desk
from tests.site import Site, sign_in


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(await make_tables(f"sqlite:///{tmp_path / 'limits.db'}"), ManualClock()) as desk:
        yield desk


async def tried_from(desk: Desk, addresses: list[str]) -> int:
    return sum([await judged(desk, from_address(address)) for address in addresses])


async def test_rotating_inside_one_64_gives_five_tries(desk: Desk) -> None:
    assert await tried_from(desk, [f"2001:db8:1:2::{number:x}" for number in range(1, 21)]) == 5
    assert await tried_from(desk, [f"2001:db8:1:2:{number:x}:{number:x}::" for number in range(1, 21)]) == 0
    assert await tried_from(desk, ["2001:db8:1:3::1"]) == 1


async def test_spellings_of_one_ipv6_address_give_five_tries(desk: Desk) -> None:
    spellings = [
        "2001:db8::1",
        "2001:DB8::1",
        "2001:0db8::0001",
        "2001:db8:0:0:0:0:0:1",
        "2001:db8::0.0.0.1",
        "2001:db8::1%1",
    ]
    assert await tried_from(desk, spellings * 3) == 5


async def test_spellings_of_one_ipv4_address_give_five_tries(desk: Desk) -> None:
    spellings = [
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "::FFFF:C000:0201",
        "0:0:0:0:0:ffff:c000:201",
        "::ffff:192.0.2.1%eth0",
    ]
    assert await tried_from(desk, spellings * 3) == 5


async def test_at_the_sign_in_call_too(site: Site) -> None:
    await site.person()
    rotating = [f"2001:db8:1:2::{number:x}" for number in range(1, 9)]
    spelt = ["::ffff:192.0.2.1", "192.0.2.1", "::FFFF:C000:0201"] * 2
    browsers = [site.browser(address=address) for address in (*rotating, *spelt)]
    answers = [
        (await sign_in(browser, "ann@example.org", "not the password at all")).status_code for browser in browsers
    ]
    assert answers == [401] * 5 + [429] * 3 + [401] * 5 + [429]
