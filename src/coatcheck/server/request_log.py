"""One line a request: gathered, and put into words a few times a second, so that no request waits for the log."""

import asyncio
import sys
from typing import TextIO

import msgspec

from coatcheck.clock import Clock, rfc3339
from coatcheck.errors import CoatcheckError
from coatcheck.visit import Visit

_encode_lines = msgspec.json.Encoder().encode_lines
_EVERY_SECONDS = 0.2


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    at: str
    event: str
    request_id: str
    method: str
    path: str
    status: int
    ms: float
    address: str
    code: str = ""
    because: str = ""


class RequestLog:
    """Write a JSON line for each request: no query, no cookie, no body, so that no secret is in it.

    Of one that was refused it has the error's code and the operator's reason.

    See: ASVS 16.2.1, 16.2.5.
    """

    def __init__(self, clock: Clock, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream = stream or sys.stderr
        self._lines: list[_Line] = []

    def note(
        self,
        request_id: str,
        method: str,
        path: str,
        status: int,
        seconds: float,
        visit: Visit | None,
        refused: CoatcheckError | None = None,
    ) -> None:
        """Gather the line of one request."""
        at, address = rfc3339(self._clock.now()), visit.address if visit else ""
        code, because = (refused.code, refused.because) if refused else ("", "")
        ms = round(seconds * 1000, 2)
        self._lines.append(_Line(at, "request", request_id, method, path, status, ms, address, code, because))

    async def run(self) -> None:
        """Write what has gathered, for ever, and what is left when it is stopped."""
        try:
            while True:
                await asyncio.sleep(_EVERY_SECONDS)
                self.write()
        finally:
            self.write()

    def write(self) -> None:
        """Write what has gathered."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(_encode_lines(lines).decode())
            self._stream.flush()
