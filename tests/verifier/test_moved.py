"""A verifier knows of the latest moves that the session lived on, and of nothing else: unknown counts as ended."""

import sys

from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.feed import Feed, FeedClaims, FeedEvent
from coatcheck.verifier.news import Position
from coatcheck.verifier.status_token import Snapshot


def feed_of(clock: ManualClock) -> Feed:
    feed = Feed(clock, 10.0)
    feed.start_over(snapshots())
    return feed


def snapshots() -> list[Snapshot]:
    return [Snapshot(list_id, bytes(8192), Position("era1", 0)) for list_id in (1, 2)]


def tell(feed: Feed, clock: ManualClock, kind: str, list_id: int, *indices: int) -> None:
    here = feed.position
    assert here is not None
    events = [FeedEvent(kind, list_id, index) for index in indices]
    iat = clock.now() // 1000
    to = here.number + len(events)
    news = FeedClaims(iss="https://auth.example.org", iat=iat, era="era1", from_=here.number, to=to, events=events)
    feed.hear(news)
    feed.move_on(news)


def test_moved_is_told_from_ended() -> None:
    clock = ManualClock()
    feed = feed_of(clock)
    tell(feed, clock, "moved", 1, 7)
    tell(feed, clock, "ended", 1, 8)
    assert feed.moves.has(1, 7)
    assert feed.lists.is_set(1, 7)
    assert not feed.moves.has(1, 8)
    assert not feed.moves.has(2, 7), "another list's"


def test_what_ended_after_it_moved_has_ended() -> None:
    clock = ManualClock()
    feed = feed_of(clock)
    tell(feed, clock, "moved", 1, 7)
    tell(feed, clock, "ended", 1, 7)
    assert not feed.moves.has(1, 7)


def test_after_snapshots_nothing_is_known_of_moves() -> None:
    clock = ManualClock()
    feed = feed_of(clock)
    tell(feed, clock, "moved", 1, 7)
    feed.start_over(snapshots())
    assert not feed.moves.has(1, 7)


def test_it_remembers_few() -> None:
    clock = ManualClock()
    feed = feed_of(clock)
    for start in range(0, 20_000, 500):
        tell(feed, clock, "moved", 1, *range(start, start + 500))
    assert not feed.moves.has(1, 15_000)
    assert feed.moves.has(1, 19_999)
    assert sys.getsizeof(feed.moves._moved) < 400_000
