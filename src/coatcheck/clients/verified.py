"""The services that this process has let in lately, by what they presented, so that asking again reads nothing."""

from typing import Final

from coatcheck.clients.client import Client
from coatcheck.clients.registration import PREFIX
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation.event import Event
from coatcheck.revocation.reader import LogReader

ROOM: Final = 10_000
"""How many are kept at the most; services are few, and only what was right is kept."""

Presented = tuple[str, bytes]
"""A service's id and the digest of what it presented."""

HEADER: Final = "Authorization"
"""Stands for the id where the header as a whole is known: no service is named so."""


class VerifiedClients:
    """Keep services that have proven themselves; heed the revocation log.

    One counts only while the log was read within the bound. What began to be read before newer news of any service was
    heard is not kept: else a late fill would bring back what was taken away. Services change seldom, so such news
    empties all of it.
    """

    def __init__(self, desk: Desk) -> None:
        self._reader = desk.keep(LogReader)
        self._known: dict[Presented, Client] = {}
        self._generation = 0
        self._reader.subscribe(self.hear, self.forget)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, presented: Presented, now: Instant) -> Client | None:
        """Give who presented this and was let in, if that still counts."""
        client = self._known.get(presented)
        return client if client is not None and now < client.expires_at and self._reader.is_fresh() else None

    def begin(self) -> int:
        """Begin a look-up, before anything is read."""
        return self._generation

    def fill(self, began: int, presented: Presented, client: Client) -> None:
        """Keep what a look-up found, unless it may be out of date by now."""
        if began != self._generation:
            return
        if len(self._known) >= ROOM:
            self._known.clear()
        self._known[presented] = client

    def hear(self, event: Event) -> None:
        """Drop everything when there is news of a service."""
        if event.account.startswith(PREFIX):
            self.forget()

    def forget(self) -> None:
        """Drop everything, as after a gap in the log."""
        self._generation += 1
        self._known.clear()
