"""Answers in one piece: head and body leave together, by one write in the place of two."""

from collections.abc import Awaitable, Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from coatcheck.http.headers import BLOCKS

_IN_NAMES: Final = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_IN_VALUES: Final = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
_OF_THE_CONNECTION: Final = frozenset({b"connection", b"transfer-encoding"})
_WRITTEN: Final = [(block, b"".join(b"%b: %b\r\n" % pair for pair in block)) for block in BLOCKS]


class OnePiece:
    """Hold the head of an answer back until its body is there, as ASGI has it, and write both at once.

    Only what is plain goes this way: a whole body of the length that the head says, each field once. Anything else is
    uvicorn's to write, or to refuse, as it always does.

    Args:
        cycle: uvicorn's account of one request and its answer.
        app: what answers.
    """

    __slots__ = ("_app", "_cycle", "_head")

    def __init__(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:
        self._cycle = cycle
        self._app = app
        self._head: Message | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Have the app answer."""
        return self._app(scope, receive, self.send)

    async def send(self, message: Message) -> None:
        """Take a message of the app."""
        head, cycle = self._head, self._cycle
        if head is None:
            if message["type"] != "http.response.start" or cycle.response_started:
                return await cycle.send(message)  # type: ignore[arg-type]
            self._head = message
            return None
        self._head = None
        piece = self._piece(head, message)
        if piece is None:
            await cycle.send(head)  # type: ignore[arg-type]
            return await cycle.send(message)  # type: ignore[arg-type]
        return await self._write(piece)

    def _piece(self, head: Message, message: Message) -> bytes | None:
        """Give an answer as it is written; None for one that is not plain."""
        cycle, body = self._cycle, message.get("body", b"")
        pairs = [*cycle.default_headers, *head.get("headers", ())]
        written = _taken_off(pairs)
        fields = dict(pairs)
        is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        has_its_length = fields.get(b"content-length") == b"%d" % len(body) and cycle.scope["method"] != "HEAD"
        if not is_whole or not has_its_length or len(fields) != len(pairs) or not _is_plain(fields):
            return None
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        lines = b"\r\n".join(map(b": ".join, pairs))
        return b"".join((STATUS_LINE[head["status"]], lines, b"\r\n", written, closing, b"\r\n", body))

    async def _write(self, piece: bytes) -> None:
        """Write as the cycle does, which waits for a slow reader, and end its answer."""
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(piece)
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def _taken_off(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Take off the headers of ours that nearly every answer ends with; give them as they are written."""
    for block, written in _WRITTEN:
        if pairs[-len(block) :] == block:
            del pairs[-len(block) :]
            return written
    return b""


def _is_plain(fields: Mapping[bytes, bytes]) -> bool:
    """Tell whether fields can be written as they are: names in small letters, no byte that would end a line."""
    if b"".join(fields).translate(None, _IN_NAMES) or b"".join(fields.values()).translate(None, _IN_VALUES):
        return False
    return _OF_THE_CONNECTION.isdisjoint(fields)
