"""Connections that stay open in this process, such as WebSockets, by the account that opened them."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.verifier import Principal

_KEPT_MS: Final = 60_000


class Connection:
    """Hold one connection until it is closed."""

    def __init__(self, connections: "Connections", account: str) -> None:
        self._connections = connections
        self.account = account
        self.closed_at: Instant | None = None
        self.is_cut = False
        self._closed = asyncio.Event()

    def closed(self, *, is_cut: bool) -> None:
        """Say that it is closed.

        Args:
            is_cut: whether that was because what it was opened by counts no more.
        """
        if self.closed_at is None:
            self.is_cut = is_cut
            self.closed_at = self._connections.now()
            self._connections.let_go(self)
            self._closed.set()

    async def wait(self) -> None:
        """Wait until it is closed."""
        await self._closed.wait()


class Connections:
    """Keep what is open, one a process, and for a minute what was cut: who counts may come a moment later."""

    def __init__(self, desk: Desk) -> None:
        self.now = desk.now
        self._open: dict[str, set[Connection]] = {}
        self._cut: deque[Connection] = deque()

    def open(self, principal: Principal) -> Connection:
        """Keep that a connection was opened."""
        connection = Connection(self, principal.subject)
        self._open.setdefault(principal.subject, set()).add(connection)
        return connection

    def of(self, account: str) -> tuple[Connection, ...]:
        """Give what an account has open."""
        return tuple(self._open.get(account, ()))

    def cut_since(self, account: str, since: Instant) -> Iterable[Connection]:
        """Give what was cut of an account from a moment on, if that was within the last minute."""
        return (each for each in self._cut if each.account == account and (each.closed_at or 0) >= since)

    def let_go(self, connection: Connection) -> None:
        """Keep a connection as open no more."""
        held = self._open.get(connection.account, set())
        held.discard(connection)
        if not held:
            self._open.pop(connection.account, None)
        if connection.is_cut:
            self._cut.append(connection)
        while self._cut and (self._cut[0].closed_at or 0) < self.now() - _KEPT_MS:
            self._cut.popleft()
