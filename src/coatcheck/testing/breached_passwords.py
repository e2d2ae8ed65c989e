"""A list of leaked passwords on this machine, for tests: it answers as the k-anonymity service does."""

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Final

from coatcheck.testing.listening import Listening

_PADDING: Final = "0" * 34
_OTHER_LEAK: Final = "F" * 35 + ":7"


class FakeBreachedPasswords(Listening):
    """Serve ranges of leaked hashes over HTTP on 127.0.0.1; use it as an async context manager.

    Args:
        leaked: the passwords that are in the list.
        status: the HTTP status of every answer.
        silent: whether to take requests and never answer.
        body: what to answer with in place of a range.
    """

    def __init__(
        self, leaked: Iterable[str] = (), *, status: int = 200, silent: bool = False, body: str | None = None
    ) -> None:
        super().__init__(self._answer)
        self._hashes = [_digest(password) for password in leaked]
        self._status = status
        self._silent = silent
        self._body = body
        self.requests: list[str] = []
        """The head of every request that came in."""

    @property
    def url(self) -> str:
        """The address to set as `passwords.breached_url`; only known while it serves."""
        return f"{self.origin}/range/"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(head)
            if self._silent:
                await asyncio.Event().wait()
            writer.write(self._response(head).encode())
            await writer.drain()
        finally:
            writer.close()

    def _response(self, head: str) -> str:
        body = self._body if self._body is not None else self._range(head.split()[1].rpartition("/")[2])
        return f"HTTP/1.1 {self._status} .\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"

    def _range(self, prefix: str) -> str:
        found = [f"{digest[5:]}:3" for digest in self._hashes if digest.startswith(prefix)]
        return "\r\n".join([*found, _OTHER_LEAK, *(f"{_PADDING}{digit}:0" for digit in range(3))])


def _digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
