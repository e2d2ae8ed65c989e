"""`Verifier` on a stream of the feed: it hears by it; one that is cut, old, forged or stalled only costs polls."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from coatcheck.verifier import Verifier
from coatcheck.verifier.upkeep import STREAM_AGAIN_AFTER_S
from tests.verifier.issuer import Issuer, Key, event, eventually
from tests.verifier.test_verifier import BOUND, refuses, verifier_of

SECOND = timedelta(seconds=1)


def streaming(issuer: Issuer) -> Verifier:
    """Make a verifier that has the feed streamed."""
    return verifier_of(issuer, revocation="stream")


def polls(issuer: Issuer) -> int:
    """Tell how often the feed was polled."""
    return issuer.asked["/status/feed"]


def hears_by_stream(issuer: Issuer, verifier: Verifier) -> None:
    """Wait until a stream has begun, after the one poll that comes before it."""
    eventually(lambda: issuer.asked["stream"] == 1 and verifier.is_fresh)
    assert polls(issuer) == 1


@pytest.mark.parametrize("kind", ["ended", "moved"])
def test_a_revocation_arrives_without_a_question(issuer: Issuer, kind: str) -> None:
    issuer.hold_s = 60.0
    with streaming(issuer) as verifier:
        hears_by_stream(issuer, verifier)
        for index in range(20):
            token = issuer.token(index)
            verifier.check(token)
            issuer.end(index, kind=kind)
            eventually(lambda: refuses(lambda: verifier.check(token)))  # noqa: B023 (waited for at once)
        assert verifier.check(issuer.token(20)).subject == "acc_ann"
        assert (polls(issuer), issuer.asked["stream"]) == (1, 1)


def test_it_stays_fresh_by_what_is_signed_anew(issuer: Issuer) -> None:
    with streaming(issuer) as verifier:
        hears_by_stream(issuer, verifier)
        for _ in range(10):
            issuer.clock.advance(3 * SECOND)
            assert verifier.is_fresh
            feed = verifier._feed
            assert feed is not None
            eventually(lambda: feed.fresh_for() > 9)  # noqa: B023 (waited for at once)
        assert (polls(issuer), issuer.asked["stream"]) == (1, 1)


def test_the_issuer_is_told_up_to_where_it_is_applied(issuer: Issuer) -> None:
    with streaming(issuer) as verifier:
        hears_by_stream(issuer, verifier)
        issuer.end(7)
        eventually(lambda: "era1.1" in issuer.acknowledged)


def test_it_hangs_up_when_it_is_closed(issuer: Issuer) -> None:
    issuer.hold_s = 60.0
    verifier = streaming(issuer)
    with verifier:
        hears_by_stream(issuer, verifier)
        began = time.monotonic()
    assert time.monotonic() - began < issuer.hold_s / 2, "it did not wait for the answer that was held back"
    issuer.end(7)
    with verifier:
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(7))))


def test_changed_keys_are_fetched(issuer: Issuer) -> None:
    token = issuer.token()
    with streaming(issuer) as verifier:
        hears_by_stream(issuer, verifier)
        verifier.check(token)
        issuer.rotate("second")
        issuer.write("keys_changed")
        eventually(lambda: refuses(lambda: verifier.check(token)))
        assert verifier.check(issuer.token()).subject == "acc_ann"
        assert issuer.asked["stream"] == 1


def test_what_is_not_understood_starts_over(issuer: Issuer) -> None:
    with streaming(issuer) as verifier:
        hears_by_stream(issuer, verifier)
        issuer.lists[2][0] |= 1 << 3
        issuer.write("something_new")
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(3, list_id=2))))


def test_another_era_starts_over(issuer: Issuer) -> None:
    with streaming(issuer) as verifier:
        hears_by_stream(issuer, verifier)
        issuer.lists[1][0] |= 1 << 5
        issuer.restore()
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(5))))


def endless(issuer: Issuer, bring: Callable[[int], bytes]) -> Callable[[int], Iterator[bytes]]:
    """Stream what a function gives for a number of the log, again and again."""

    def stream(number: int) -> Iterator[bytes]:
        while True:
            yield bring(number)
            time.sleep(0.01)

    return stream


def silent(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Stream the truth once, then nothing more, and keep the line open."""

    def stream(number: int) -> Iterator[bytes]:
        yield event(issuer.feed_token(number))
        threading.Event().wait(60)

    return stream


def cut(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Break off in the middle of an event."""
    return lambda number: iter((event(issuer.feed_token(number)), event(issuer.feed_token(number))[:100]))


def replayed(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send the first event again and again."""
    first = event(issuer.feed_token(len(issuer.log)))
    return endless(issuer, lambda number: first)


def kept_back(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send each event six seconds late, as a proxy that gathers before it passes on."""
    return endless(issuer, lambda number: event(issuer.feed_token(number, iat=issuer.clock.now() // 1000 - 6)))


def reordered(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Leave the next event out and send the one after it."""
    return endless(issuer, lambda number: event(issuer.feed_token(number + 1, to=number + 1, events=[])))


def forged(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Sign by another key of the same name that nothing was revoked."""
    mallory = Key(issuer.key.kid)
    return endless(issuer, lambda number: event(mallory.sign_again("statusfeed+jwt", issuer.feed_token(number))))


def from_the_future(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send what would make it fresh for long."""
    return endless(issuer, lambda number: event(issuer.feed_token(number, iat=issuer.clock.now() // 1000 + 60)))


def of_another_use(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send a good access token in place of news."""
    return endless(issuer, lambda number: event(issuer.token()))


def without_an_end(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send one event that never ends."""
    return endless(issuer, lambda number: b"data: " + b"A" * 50_000)


def of_comments(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send lines that say nothing, without an end."""
    return endless(issuer, lambda number: b": still there\n" * 5_000)


def no_text(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """Send bytes that are no text."""
    return endless(issuer, lambda number: b"data: \xff\xfe\n\n")


def soon_over(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """End in good order after one event."""
    return lambda number: iter((event(issuer.feed_token(number)),))


def empty(issuer: Issuer) -> Callable[[int], Iterator[bytes]]:
    """End in good order before anything was said."""
    return lambda number: iter(())


BAD = (cut, replayed, kept_back, reordered, forged, from_the_future, of_another_use, without_an_end, of_comments)
TURNS: tuple[Callable[[Issuer], Callable[[int], Iterator[bytes]]], ...] = (*BAD, no_text, soon_over, empty, silent)


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: str(turn.__name__))
def test_a_bad_stream_only_costs_polls(
    issuer: Issuer, turn: Callable[[Issuer], Callable[[int], Iterator[bytes]]]
) -> None:
    """Whatever a stream does: revocations arrive, it stays fresh or becomes so soon, and the next stream waits."""
    issuer.streams = turn(issuer)
    with streaming(issuer) as verifier:
        eventually(lambda: issuer.asked["stream"] == 1)
        issuer.clock.advance(6 * SECOND)  # a stream that is replayed brings nothing younger than this
        issuer.end(7)
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(7))))
        before = polls(issuer)
        issuer.clock.advance(BOUND + SECOND)
        eventually(lambda: polls(issuer) > before + 2 and verifier.is_fresh)
        assert verifier.check(issuer.token(8)).subject == "acc_ann"
        assert issuer.asked["stream"] == 1
        issuer.streams = issuer.stream
        issuer.clock.advance(timedelta(seconds=STREAM_AGAIN_AFTER_S))
        eventually(lambda: issuer.asked["stream"] == 2 and verifier.is_fresh)
        issuer.end(9)
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(9))))


@pytest.mark.parametrize(
    "turn", [replayed, forged, from_the_future, of_another_use, reordered], ids=lambda turn: turn.__name__
)
def test_while_polls_are_cut_too_a_bad_stream_makes_nothing_fresher(
    issuer: Issuer, turn: Callable[[Issuer], Callable[[int], Iterator[bytes]]]
) -> None:
    issuer.streams = turn(issuer)
    with streaming(issuer) as verifier:
        eventually(lambda: issuer.asked["stream"] == 1)
        issuer.instead["/status/feed"] = lambda: None
        for _ in range(4):
            asked = polls(issuer)
            issuer.clock.advance(timedelta(seconds=STREAM_AGAIN_AFTER_S))
            assert not verifier.is_fresh
            eventually(lambda: polls(issuer) > asked)  # noqa: B023 (waited for at once)
        assert not verifier.is_fresh


def test_an_issuer_without_streams_is_polled(issuer: Issuer) -> None:
    issuer.streams = None
    with streaming(issuer) as verifier:
        eventually(lambda: issuer.asked["stream"] == 1)
        issuer.end(7)
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(7))))
        assert issuer.asked["stream"] == 1


def test_a_position_that_is_gone_starts_over(issuer: Issuer) -> None:
    issuer.instead["stream"] = lambda: (410, b"{}")
    with streaming(issuer) as verifier:
        eventually(lambda: issuer.asked["/status/1"] == 2 and verifier.is_fresh)
        assert issuer.asked["stream"] == 1


def test_a_token_that_counts_no_more_is_replaced(issuer: Issuer) -> None:
    issuer.instead["stream"] = lambda: (401, b"")
    with streaming(issuer) as verifier:
        eventually(lambda: len(issuer.service_tokens) == 2 and verifier.is_fresh)
        assert issuer.asked["stream"] == 1
