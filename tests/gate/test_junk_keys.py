"""Keys that were made up: looked up only so often for one address, and nobody else waits for it."""

from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.errors import ApiKeyRefused, TooManyAttempts
from coatcheck.gate.cache import PrincipalCache
from coatcheck.gate.junk_keys import PER_MINUTE, JunkKeys
from tests.api_keys.making import asked, authenticated, editor, key_of, made_up
from tests.site import Site, open_site
from tests.statements import statements

STRANGER, NEIGHBOUR = "203.0.113.66", "203.0.113.67"


async def flood(site: Site, address: str, times: int = PER_MINUTE) -> None:
    """Make keys up, each another."""
    for number in range(times):
        with pytest.raises(ApiKeyRefused):
            await authenticated(site, made_up(f"cck_{number:0>32}"), address)


async def test_a_flood_is_not_looked_up(site: Site) -> None:
    await flood(site, STRANGER)
    with statements() as ran, pytest.raises(TooManyAttempts) as refusal:
        await authenticated(site, made_up(), STRANGER)
    assert not ran
    assert 0 < refusal.value.retry_after <= 60


async def test_others_and_keys_that_are_known_go_on(site: Site) -> None:
    ann = await editor(site)
    known, new = await key_of(site, ann.id), await key_of(site, ann.id)
    await authenticated(site, known.secret.reveal(), STRANGER)
    await flood(site, STRANGER)
    assert (await authenticated(site, known.secret.reveal(), STRANGER)).api_key == known.key.id
    with pytest.raises(TooManyAttempts):
        await authenticated(site, new.secret.reveal(), STRANGER)
    assert (await authenticated(site, new.secret.reveal(), NEIGHBOUR)).api_key == new.key.id
    site.clock.advance(timedelta(minutes=1))
    await site.follow_log()
    with pytest.raises(ApiKeyRefused):
        await authenticated(site, made_up(), STRANGER)


async def test_a_network_of_ipv6_is_one_address(site: Site) -> None:
    await flood(site, "2001:db8::1")
    with pytest.raises(TooManyAttempts):
        await authenticated(site, made_up(), "2001:db8::2")


@pytest.mark.parametrize("address", ["", "10.1.2.3", "testclient"])
async def test_who_cannot_be_told_apart_is_not_kept_out(sqlite_ready: str, tmp_path: Path, address: str) -> None:
    """No address, a configured proxy's, or none at all: it may be everybody's."""
    async with open_site(sqlite_ready, tmp_path, server={"trusted_proxies": ["10.0.0.0/8"]}) as site:
        await flood(site, address, PER_MINUTE + 3)
        made = await key_of(site, (await editor(site)).id)
        assert (await authenticated(site, made.secret.reveal(), address)).api_key == made.key.id
        with statements() as ran, pytest.raises(ApiKeyRefused):
            await authenticated(site, made_up(), address)
        assert not [each for each in ran if "audit_tallies" in each], "and nothing more is written of it"


async def test_keys_that_are_right_are_not_counted(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id)
    for _ in range(PER_MINUTE + 5):
        site.desk.keep(PrincipalCache).forget_all()
        await authenticated(site, made.secret.reveal(), STRANGER)
    assert site.desk.keep(JunkKeys)._spent == {STRANGER: 0}


async def test_over_http(site: Site) -> None:
    for number in range(PER_MINUTE):
        assert (await asked(site, made_up(f"cck_{number:0>32}"), address=STRANGER)).status_code == 401
    answer = await asked(site, made_up(), address=STRANGER)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert (await asked(site, made_up(), address=NEIGHBOUR)).status_code == 401
