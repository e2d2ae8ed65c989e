"""Up to where each service says that it has applied the log, so that an operator sees who lags behind."""

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation import records
from coatcheck.revocation.event import Position

_WRITTEN_EVERY_MS = 60_000
_KEPT_MS = 7 * 86_400_000


class Acknowledged:
    """Write what services acknowledge: at once when it has moved on, else once a minute."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._written: dict[str, tuple[Position, Instant]] = {}

    async def note(self, service: str, position: Position) -> None:
        """Note that a service has applied the log up to a position.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        now = self._desk.now()
        before, at = self._written.get(service, (None, 0))
        if before == position and now - at < _WRITTEN_EVERY_MS:
            return
        async with self._desk.database.writing() as tx:
            records.put_reader(tx, service, position, now, forget_at=now + _KEPT_MS)
        self._written[service] = position, now
