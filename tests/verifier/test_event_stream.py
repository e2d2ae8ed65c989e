"""Server-sent events: put together from any pieces, bounded in length, each within its time."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.verifier.event_stream import EventReader, EventStream, TooLong

STREAM = (
    b": hello\n\ndata: one\n\nevent: x\ndata:two\nid: 7\n\n\n\n"
    b"data: three\r\n\r\ndata: 4\ndata:  5\n\ndata: never ended\n"
)
EVENTS = [b"one", b"two", b"three", b"4\n 5"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_however_it_is_cut_into_pieces_it_reads_the_same(cuts: list[int]) -> None:
    reader, places = EventReader(100), [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[begin:end] for begin, end in pairwise(places)]
    assert [event for piece in pieces for event in reader.take(piece)] == EVENTS


@pytest.mark.parametrize(
    "unit", [b"data: x\n", b": x\n", b"x", b"data:\n"], ids=["data", "comments", "a line", "empty"]
)
def test_an_event_is_kept_up_to_its_bound(unit: bytes) -> None:
    reader = EventReader(1000)
    for _ in range(1000 // len(unit.rstrip(b"\n"))):
        assert reader.take(unit) == []
    with pytest.raises(TooLong):
        reader.take(unit)
    assert len(reader._line) + sum(map(len, reader._data)) <= 1000


def test_the_bound_is_for_one_event() -> None:
    reader = EventReader(10)
    assert [event for _ in range(1000) for event in reader.take(b"data: 1234\n\n")] == [b"1234"] * 1000


async def test_what_drips_is_given_up() -> None:
    """Each piece comes in time, and the event never ends; comments do not help it either."""

    async def drip() -> AsyncGenerator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b": still there\n\n"

    stream = EventStream(httpx.Response(200, headers={"content-type": "text/event-stream"}), drip(), 1000)
    with pytest.raises(TimeoutError):
        await stream.next(0.1)


@pytest.mark.parametrize(
    ("status", "headers", "is_one"),
    [
        (200, {"content-type": "text/event-stream"}, True),
        (200, {"content-type": "Text/Event-Stream; charset=utf-8"}, True),
        (200, {"content-type": "application/statusfeed+jwt"}, False),
        (200, {}, False),
        (200, {"content-type": "text/event-stream", "content-encoding": "gzip"}, False),
        (500, {"content-type": "text/event-stream"}, False),
    ],
)
def test_what_is_a_stream(status: int, headers: dict[str, str], is_one: bool) -> None:
    async def nothing() -> AsyncGenerator[bytes]:
        return
        yield

    assert EventStream(httpx.Response(status, headers=headers), nothing(), 1000).is_one is is_one
