"""Up to where each service says that it has applied the log, so that an operator sees who lags behind."""

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation import records
from coatcheck.revocation.event import Position

_AT_MOST_EVERY_MS, _AT_LEAST_EVERY_MS = 1000, 60_000
_KEPT_MS = 7 * 86_400_000


class Acknowledged:
    """Write what services acknowledge: once a second when it has moved on, else once a minute.

    Each comes again within seconds, also when there is no news; so the last one is written soon, and a thousand
    revocations do not make a thousand more writes for every service that hears of them.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._written: dict[str, tuple[Position, Instant]] = {}

    async def note(self, service: str, position: Position, staleness_ms: int | None = None) -> None:
        """Note that a service has applied the log up to a position.

        Args:
            staleness_ms: how old the news may be that it judges by, where it says so.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        now = self._desk.now()
        before, at = self._written.get(service, (None, 0))
        if now - at < (_AT_LEAST_EVERY_MS if before == position else _AT_MOST_EVERY_MS):
            return
        async with self._desk.database.writing() as tx:
            records.put_reader(tx, service, position, now, forget_at=now + _KEPT_MS)
            if staleness_ms is not None:
                records.put_staleness(tx, service, staleness_ms)
        self._written[service] = position, now
