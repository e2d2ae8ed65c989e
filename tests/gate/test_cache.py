"""The principal cache: it serves only what still counts, and no late fill brings a dead session back."""

from datetime import timedelta

import pytest

from coatcheck.gate.cache import Entry, PrincipalCache
from coatcheck.revocation.event import Event
from coatcheck.revocation.reader import LogReader
from coatcheck.verifier import Principal
from tests.site import Site


@pytest.fixture
def cache(site: Site) -> PrincipalCache:
    """Give the site's own cache."""
    return site.desk.keep(PrincipalCache)


def entry(site: Site, digest: bytes = b"d", session: str = "ses_a", account: str = "acc_1") -> Entry:
    now = site.desk.now()
    principal = Principal(subject=account, session=session, ends_at=now + 86_400_000)
    return Entry(principal, digest, 3_600_000, now + 86_400_000, now + 3_600_000, now + 60_000)


def test_serves_what_it_was_given(site: Site, cache: PrincipalCache) -> None:
    kept = entry(site)
    assert cache.fill(cache.begin(), kept)
    assert cache.get(b"d", site.desk.now()) is kept
    assert cache.get(b"e", site.desk.now()) is None


@pytest.mark.parametrize(
    "event",
    [Event("ended", "acc_1", "ses_a"), Event("moved", "acc_1", ""), Event("moved", "acc_1", "ses_a")],
)
def test_news_drops_what_it_concerns(site: Site, cache: PrincipalCache, event: Event) -> None:
    cache.fill(cache.begin(), entry(site))
    cache.fill(cache.begin(), entry(site, b"other", "ses_b", "acc_2"))
    site.desk.keep(LogReader).heed(event)
    assert cache.get(b"d", site.desk.now()) is None
    assert cache.get(b"other", site.desk.now()) is not None


@pytest.mark.parametrize("event", [Event("ended", "acc_1", "ses_a"), Event("moved", "acc_1", "")])
def test_a_fill_that_began_before_the_news_is_dropped(site: Site, cache: PrincipalCache, event: Event) -> None:
    ticket = cache.begin()
    cache.hear(event)
    assert not cache.fill(ticket, entry(site))
    assert cache.get(b"d", site.desk.now()) is None
    assert cache.fill(cache.begin(), entry(site)), "one that began after it is kept"


def test_a_fill_that_began_before_a_reload_is_dropped(site: Site, cache: PrincipalCache) -> None:
    ticket = cache.begin()
    cache.forget_all()
    assert not cache.fill(ticket, entry(site))


def test_a_fill_slower_than_news_is_remembered_is_dropped(site: Site, cache: PrincipalCache) -> None:
    ticket = cache.begin()
    cache.hear(Event("ended", "acc_1", "ses_a"))
    site.clock.advance(timedelta(seconds=90))
    cache.hear(Event("ended", "acc_9", "ses_z"))  # by now the first news is forgotten
    assert not cache.fill(ticket, entry(site))


async def test_nothing_counts_past_the_bound(site: Site, cache: PrincipalCache) -> None:
    cache.fill(cache.begin(), entry(site))
    site.clock.advance(timedelta(milliseconds=1001))
    assert cache.get(b"d", site.desk.now()) is None
    await site.follow_log()
    assert cache.get(b"d", site.desk.now()) is not None


async def test_nothing_counts_past_its_own_end(site: Site, cache: PrincipalCache) -> None:
    cache.fill(cache.begin(), entry(site))
    site.clock.advance(timedelta(hours=1, milliseconds=1))
    await site.follow_log()
    assert cache.get(b"d", site.desk.now()) is None


def test_is_bounded(site: Site, cache: PrincipalCache) -> None:
    cache._room = 10
    for number in range(25):
        cache.fill(cache.begin(), entry(site, bytes([number]), f"ses_{number}"))
    assert len(cache) == 10
    assert len(cache._by_owner) == 11, "ten sessions and their account"
