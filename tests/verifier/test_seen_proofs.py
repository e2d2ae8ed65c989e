"""Each proof counts once, in memory that is bounded."""

import threading
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest

from coatcheck.errors import Busy, ProofRefused
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import seen_proofs
from coatcheck.verifier.claims import IAT_SKEW_S
from coatcheck.verifier.dpop import OLDEST_S, ProvenKey
from coatcheck.verifier.seen_proofs import GENERATION_S, ROOM, SeenProofs

JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def proven(jti: object, jkt: str = JKT) -> ProvenKey:
    return ProvenKey(jkt, str(jti))


def test_a_proof_counts_once(clock: ManualClock) -> None:
    seen = SeenProofs(clock)
    seen.spend(proven("one"))
    with pytest.raises(ProofRefused, match="before"):
        seen.spend(proven("one"))
    seen.spend(proven("two"))


def test_two_keys_may_use_one_jti(clock: ManualClock) -> None:
    seen = SeenProofs(clock)
    seen.spend(proven("one"))
    seen.spend(proven("one", "A" * 43))
    for jkt in (JKT, "A" * 43):
        with pytest.raises(ProofRefused):
            seen.spend(proven("one", jkt))


def test_it_is_remembered_as_long_as_it_could_count(clock: ManualClock) -> None:
    seen = SeenProofs(clock)
    for begun in range(0, 300, 7):
        seen.spend(proven(begun))
        for earlier in range(max(0, begun - OLDEST_S - IAT_SKEW_S) // 7 * 7, begun + 1, 7):
            with pytest.raises(ProofRefused):
                seen.spend(proven(earlier))
        clock.advance(timedelta(seconds=7))


def test_what_cannot_count_any_more_is_let_go(clock: ManualClock) -> None:
    seen = SeenProofs(clock)
    seen.spend(proven("one"))
    clock.advance(timedelta(seconds=GENERATION_S))
    seen.spend(proven("two"))
    assert len(seen) == 2
    clock.advance(timedelta(seconds=GENERATION_S))
    seen.spend(proven("three"))
    assert len(seen) == 2
    clock.advance(timedelta(seconds=10 * GENERATION_S))
    seen.spend(proven("four"))
    assert len(seen) == 1


def test_a_full_memory_refuses_for_a_while_and_forgets_nothing(clock: ManualClock) -> None:
    seen = SeenProofs(clock, room=20)
    for number in range(10):
        seen.spend(proven(number))
    clock.advance(timedelta(seconds=40))
    for number in range(100, 200):
        with pytest.raises(Busy) as busy:
            seen.spend(proven(number))
        assert busy.value.retry_after == 61
    for number in range(10):
        with pytest.raises(ProofRefused):
            seen.spend(proven(number))
    clock.advance(timedelta(seconds=busy.value.retry_after))
    seen.spend(proven(100))
    with pytest.raises(ProofRefused):
        seen.spend(proven(0))
    assert len(seen) == 11


def test_memory_is_bounded_whatever_is_sent(clock: ManualClock) -> None:
    few = 2_000
    names = [proven(f"{number:x>128}") for number in range(few)]
    tracemalloc.start()
    seen = SeenProofs(clock, room=few)
    for each in names:
        if len(seen) == few // 2:
            clock.advance(timedelta(seconds=GENERATION_S))
        seen.spend(each)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(seen) == few
    assert taken / few * ROOM < 100_000_000, "100 MB where every process is full"
    with pytest.raises(Busy):
        seen.spend(proven("one more"))


@pytest.fixture
def threads_take_turns() -> Iterator[None]:
    """Let the other threads on between any two lines of `SeenProofs`."""
    traced, never = threading.gettrace(), threading.Event()

    def at_each_line(frame: FrameType, *_: object) -> Any:
        if frame.f_code.co_filename == seen_proofs.__file__:
            never.wait(0.0001)
        return at_each_line

    threading.settrace(at_each_line)
    yield
    threading.settrace(traced)


@pytest.mark.usefixtures("threads_take_turns")
def test_of_fifty_at_once_exactly_one_counts(clock: ManualClock) -> None:
    seen, counted = SeenProofs(clock), Counter[int]()
    ready = threading.Barrier(50)

    def spend() -> None:
        for number in range(5):
            ready.wait()
            with suppress(ProofRefused):
                seen.spend(proven(number))
                counted.update([number])

    threads = [threading.Thread(target=spend) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == dict.fromkeys(range(5), 1)
