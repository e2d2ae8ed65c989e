"""The doctor's permit: what it guesses at its own account is counted apart, and as strictly."""

from datetime import timedelta
from pathlib import Path

from tests.doctor.permits import DOCTOR, doctor, guesses, permit_of
from tests.site import Site, open_site


async def test_it_has_no_more_tries_than_anybody(site: Site) -> None:
    permit = await permit_of(site)
    assert await guesses(doctor(site, permit), permit.email, 7) == [401] * 5 + [429] * 2


async def test_what_it_spends_is_not_its_neighbours(tmp_path: Path) -> None:
    """An office examines its site: those who sign in from there do not wait for it."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, limits={"address_per_hour": 4}) as site:
        await site.person()
        permit = await permit_of(site)
        assert await guesses(doctor(site, permit), permit.email, 5) == [401] * 4 + [429]
        neighbour = site.browser(address=DOCTOR)
        assert await guesses(neighbour, "ann@example.org", 5) == [401] * 4 + [429]


async def test_its_account_without_the_permit_counts_as_any(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, limits={"address_per_hour": 4}) as site:
        permit = await permit_of(site)
        assert await guesses(doctor(site, None), permit.email, 4) == [401] * 4
        assert await guesses(doctor(site, None), "nobody@example.org", 1) == [429]
        assert await guesses(doctor(site, permit), permit.email, 1) == [401], "the fifth of the pair"


async def test_strangers_do_not_wait_for_its_rate(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, limits={"overall_per_second": 2}) as site:
        permit = await permit_of(site)
        assert await guesses(doctor(site, permit), permit.email, 3) == [401, 401, 429]
        assert await guesses(site.browser(), "nobody@example.org", 2) == [401, 401]
        site.clock.advance(timedelta(seconds=1))
        assert await guesses(doctor(site, permit), permit.email, 1) == [401]


async def test_each_permit_has_counters_of_its_own(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, limits={"address_per_hour": 2}) as site:
        first, second = await permit_of(site), await permit_of(site)
        assert await guesses(doctor(site, first), first.email, 3) == [401, 401, 429]
        assert await guesses(doctor(site, second), second.email, 3) == [401, 401, 429]
