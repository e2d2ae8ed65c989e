"""Server-sent events, read distrustfully: a deadline for each one, and a bound on what is kept of it."""

import asyncio
from collections.abc import AsyncGenerator

import httpx

MEDIA_TYPE = "text/event-stream"


class TooLong(ValueError):
    """Say that an event is longer than anything that is waited for."""


class EventReader:
    """Put the events of a stream together, whatever pieces it comes in.

    A line ends by LF or CRLF; our issuer never writes the third way, a CR alone. Comments, and fields other than
    `data`, say nothing here, but count for the length.

    Args:
        most: bytes that all lines of one event may have.

    See: HTML, section 9.2.6 (interpreting an event stream).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._line = bytearray()
        self._data: list[bytes] = []

    def take(self, chunk: bytes) -> list[bytes]:
        """Give the data of the events that are whole with this piece.

        Raises:
            TooLong: an event is longer than allowed.
        """
        *ended, rest = chunk.split(b"\n")
        events = [event for piece in ended if (event := self._end_line(piece))]
        self._add(rest)
        return events

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most:
            raise TooLong(f"an event is longer than {self._most} bytes")
        self._line += piece

    def _end_line(self, piece: bytes) -> bytes:
        """End a line; give the event's data if that ends an event, else nothing."""
        self._add(piece)
        line = bytes(self._line).removesuffix(b"\r")
        self._line.clear()
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
            return b""
        event = b"\n".join(self._data)
        self._data.clear()
        self._size = 0
        return event


class EventStream:
    """Give the events of an answer as they come.

    Args:
        answer: what was answered; only its head was read.
        chunks: its body.
        most: bytes that one event may have.
    """

    def __init__(self, answer: httpx.Response, chunks: AsyncGenerator[bytes], most: int) -> None:
        self.status = answer.status_code
        kind = str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()
        self.is_one = self.status == 200 and kind == MEDIA_TYPE and "content-encoding" not in answer.headers
        self._chunks = chunks
        self._reader = EventReader(most)

    async def next(self, within: float) -> list[bytes]:
        """Wait for the next event; give it, and those that came with it. None at all: the stream has ended.

        Args:
            within: seconds for the whole event, however slowly it drips, and whatever comes that is none.

        Raises:
            TimeoutError: none came in time.
            TooLong: one is longer than allowed.
        """
        async with asyncio.timeout(within):
            async for chunk in self._chunks:
                if events := self._reader.take(chunk):
                    return events
        return []
