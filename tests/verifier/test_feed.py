"""A feed that is cut, replayed, reordered, forged or old never makes a verifier fresher, nor forget what it knows."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.feed import MOST_EVENTS, TYP, Feed, FeedClaims, FeedEvent, Then, read_feed
from coatcheck.verifier.jwk import key_of
from coatcheck.verifier.news import NewsRefused, Position, UnknownSigner, parse_position
from coatcheck.verifier.status_token import Snapshot
from tests.verifier.issuer import Issuer, Key

STALENESS = 10.0


def snapshots(number: int = 5, era: str = "era1", lists: Iterable[int] = (1, 2)) -> list[Snapshot]:
    """Give a snapshot of each list, at a position."""
    return [Snapshot(list_id, bytes(8), Position(era, number)) for list_id in lists]


@pytest.fixture
def feed(clock: ManualClock) -> Feed:
    feed = Feed(clock, STALENESS)
    feed.start_over(snapshots())
    return feed


def answer(clock: ManualClock, *events: tuple[str, int | None, int | None], **claims: Any) -> FeedClaims:
    """Give an answer of the feed to a question after 5, as it is after its signature was checked."""
    told: dict[str, Any] = {"iat": clock.now() // 1000, "era": "era1", "from_": 5, "to": 5 + len(events)} | claims
    return FeedClaims(iss="https://auth.example.org", events=[FeedEvent(*event) for event in events], **told)


def take(feed: Feed, news: FeedClaims, sent: float | None) -> Then:
    """Hear an answer, and move on where nothing else must be done first."""
    then = feed.hear(news)
    if then is Then.NOTHING:
        feed.move_on(news, sent)
    return then


def test_snapshots_alone_make_nothing_fresh(feed: Feed) -> None:
    assert not feed.is_fresh()


def test_it_is_fresh_from_when_it_was_asked_for(feed: Feed, clock: ManualClock) -> None:
    sent = clock.monotonic()
    clock.advance(timedelta(seconds=3))
    take(feed, answer(clock), sent)
    assert feed.fresh_until == sent + STALENESS
    clock.advance(timedelta(seconds=7))
    assert feed.is_fresh()
    clock.advance(timedelta(milliseconds=1))
    assert not feed.is_fresh()


def test_by_a_stream_it_is_fresh_from_when_it_was_signed(feed: Feed, clock: ManualClock) -> None:
    news = answer(clock)
    clock.advance(timedelta(seconds=3))
    take(feed, news, None)
    assert feed.fresh_until == STALENESS


def test_an_answer_that_was_kept_back_counts_from_when_it_was_signed(feed: Feed, clock: ManualClock) -> None:
    news = answer(clock)
    clock.advance(timedelta(seconds=60))
    take(feed, news, clock.monotonic())
    assert not feed.is_fresh()


def test_the_last_answer_again_and_again_makes_nothing_fresher(feed: Feed, clock: ManualClock) -> None:
    news = answer(clock)
    for _ in range(20):
        take(feed, news, clock.monotonic())
        clock.advance(timedelta(seconds=1))
    assert feed.fresh_until == STALENESS


def test_an_older_answer_than_the_last_makes_nothing_fresher(feed: Feed, clock: ManualClock) -> None:
    old = answer(clock)
    clock.advance(timedelta(seconds=2))
    take(feed, answer(clock), clock.monotonic())
    before = feed.fresh_until
    clock.advance(timedelta(seconds=1))
    take(feed, old, clock.monotonic())
    assert feed.fresh_until == before


def test_an_answer_from_the_future_is_refused(feed: Feed, clock: ManualClock) -> None:
    with pytest.raises(NewsRefused):
        feed.hear(answer(clock, iat=clock.now() // 1000 + 6))


def test_events_set_bits_in_order(feed: Feed, clock: ManualClock) -> None:
    assert take(feed, answer(clock, ("ended", 1, 3), ("moved", 2, 4), ("ended", None, None)), 0.0) is Then.NOTHING
    assert feed.position == Position("era1", 8)
    assert [feed.lists.is_set(1, 3), feed.lists.is_set(2, 4), feed.lists.is_set(2, 3)] == [True, True, False]


def test_an_answer_heard_twice_does_no_harm(feed: Feed, clock: ManualClock) -> None:
    news = answer(clock, ("ended", 1, 3))
    feed.hear(news)
    feed.hear(news)
    assert feed.lists.is_set(1, 3)
    assert feed.position == Position("era1", 5)


@pytest.mark.parametrize(
    "claims",
    [{"from_": 4}, {"from_": 4, "to": 5}, {"to": 4}, {"from_": 0, "to": 0}],
    ids=["overlapping", "replayed", "backwards", "from the start"],
)
def test_an_answer_to_another_question_is_refused(feed: Feed, clock: ManualClock, claims: dict[str, int]) -> None:
    with pytest.raises(NewsRefused):
        take(feed, answer(clock, **claims), 0.0)
    assert feed.position == Position("era1", 5)
    assert not feed.is_fresh()


@pytest.mark.parametrize(
    ("events", "claims"),
    [
        ([], {"from_": 6, "to": 6}),
        ([], {"to": 7}),
        ([("ended", 1, 1)], {"to": 7}),
        ([("ended", 1, 1), ("ended", 1, 2)], {"to": 6}),
        ([], {"era": "era2"}),
        ([("what_is_this", 1, 1)], {}),
        ([("ended", 1, None)], {}),
        ([("ended", None, 1)], {}),
        ([("ended", 1, 64)], {}),
        ([("ended", 1, -1)], {}),
        ([("keys_changed", None, None), ("what_is_this", None, None)], {}),
    ],
)
def test_what_leaves_a_doubt_starts_over(
    feed: Feed, clock: ManualClock, events: list[tuple[str, int | None, int | None]], claims: dict[str, Any]
) -> None:
    assert take(feed, answer(clock, *events, **claims), 0.0) is Then.RELOAD_ALL
    assert feed.position == Position("era1", 5)
    assert not feed.is_fresh()


def test_changed_keys_are_reloaded_before_it_moves_on(feed: Feed, clock: ManualClock) -> None:
    assert take(feed, answer(clock, ("ended", 1, 3), ("keys_changed", None, None)), 0.0) is Then.RELOAD_KEYS
    assert feed.lists.is_set(1, 3)
    assert feed.position == Position("era1", 5)


def test_so_many_events_may_not_be_all(feed: Feed, clock: ManualClock) -> None:
    many = [("ended", 1, 3)] * MOST_EVENTS
    take(feed, answer(clock, *many), 0.0)
    assert not feed.is_fresh()
    take(feed, answer(clock, from_=5 + MOST_EVENTS, to=5 + MOST_EVENTS), 0.0)
    assert feed.is_fresh()


def test_more_events_than_are_told_at_once_are_refused(feed: Feed, clock: ManualClock) -> None:
    with pytest.raises(NewsRefused):
        feed.hear(answer(clock, *[("ended", 1, 3)] * (MOST_EVENTS + 1)))


def test_starting_over_forgets_nothing_within_an_era(feed: Feed, clock: ManualClock) -> None:
    take(feed, answer(clock, ("ended", 1, 3)), 0.0)
    until = feed.fresh_until
    feed.start_over(snapshots(2))
    assert feed.lists.is_set(1, 3)
    assert feed.position == Position("era1", 2)
    assert feed.fresh_until == until


def test_another_era_begins_anew(feed: Feed, clock: ManualClock) -> None:
    take(feed, answer(clock, ("ended", 1, 3)), 0.0)
    feed.start_over(snapshots(1, "era2"))
    assert not feed.lists.is_set(1, 3)


@pytest.mark.parametrize("taken", [[], [*snapshots(1, "era1", [1]), *snapshots(1, "era2", [2])]], ids=["none", "mixed"])
def test_snapshots_of_no_era_or_two_are_refused(feed: Feed, taken: list[Snapshot]) -> None:
    with pytest.raises(NewsRefused):
        feed.start_over(taken)
    assert set(feed.lists) == {1, 2}


def test_it_goes_on_from_the_oldest_snapshot(feed: Feed) -> None:
    feed.start_over([*snapshots(9, lists=[1]), *snapshots(7, lists=[2])])
    assert feed.position == Position("era1", 7)


def test_a_list_that_is_gone_is_let_go(feed: Feed) -> None:
    feed.start_over(snapshots(lists=[2, 3]))
    assert set(feed.lists) == {2, 3}


@pytest.mark.parametrize("late", [snapshots(4, lists=[3]), snapshots(9, "era2", [3])], ids=["older", "other era"])
def test_a_later_list_must_fit_the_others(feed: Feed, late: list[Snapshot]) -> None:
    with pytest.raises(NewsRefused):
        feed.admit(late[0])
    assert 3 not in feed.lists


def test_news_of_too_many_lists_that_are_not_held_start_over(feed: Feed, clock: ManualClock) -> None:
    events = [("ended", 3, index) for index in range(501)]
    assert take(feed, answer(clock, *events), 0.0) is Then.RELOAD_ALL


def key_in(*keys: Key) -> Callable[[str], VerifyingKey | None]:
    """Find the public half of some keys."""
    return {key.kid: key_of(key.jwk()) for key in keys}.get


def test_what_the_issuer_signs_is_read(issuer: Issuer) -> None:
    issuer.write("ended", 1, 3)
    claims = read_feed(issuer.feed_token(0), issuer=issuer.url, find_key=key_in(issuer.key))
    assert (claims.from_, claims.to, claims.events[0].index) == (0, 1, 3)


FORGED: dict[str, Callable[[Issuer], str]] = {
    "another key of the same name": lambda issuer: Key("first").sign("statusfeed+jwt", {}),
    "changed": lambda issuer: issuer.feed_token(0)[:-8] + "AAAAAAAA",
    "an access token": lambda issuer: issuer.token(),
    "the right claims, signed for another use": lambda issuer: issuer.key.sign_again("at+jwt", issuer.feed_token(0)),
    "a status list": lambda issuer: issuer.status_token(1),
    "another issuer": lambda issuer: issuer.feed_token(0, iss="https://evil.example"),
    "no claims": lambda issuer: issuer.key.sign("statusfeed+jwt", {}),
    "a text for a number": lambda issuer: issuer.feed_token(0, to="1"),
    "no token": lambda issuer: "not a token",
    "too long": lambda issuer: "a" * 300_000,
}


@pytest.mark.parametrize("how", FORGED)
def test_what_is_forged_is_refused(issuer: Issuer, how: str) -> None:
    with pytest.raises(NewsRefused):
        read_feed(FORGED[how](issuer), issuer=issuer.url, find_key=key_in(issuer.key))


def test_what_a_server_writes_is_read(issuer: Issuer) -> None:
    claims = FeedClaims(iss=issuer.url, iat=1, era="era1", from_=4, to=5, events=[FeedEvent("ended", 1, 3)])
    token = issuer.key.sign(TYP, msgspec.to_builtins(claims))
    assert read_feed(token, issuer=issuer.url, find_key=key_in(issuer.key)) == claims
    assert msgspec.to_builtins(claims)["from"] == 4


def test_an_unknown_key_may_be_a_new_one(issuer: Issuer) -> None:
    with pytest.raises(UnknownSigner):
        read_feed(issuer.feed_token(0), issuer=issuer.url, find_key=key_in(Key("other")))


def test_a_position_reads_as_it_is_written() -> None:
    assert parse_position(str(Position("era1", 17))) == Position("era1", 17)


@pytest.mark.parametrize("text", ["", "17", ".17", "era.", "era.-1", "era.x", "era.1²", "e" * 100 + ".1"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        parse_position(text)
