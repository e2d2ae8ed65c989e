"""Write when sessions were last used."""

import structlog

from coatcheck.desk import Desk
from coatcheck.desk.last_uses import LastUses
from coatcheck.sessions import records

_log = structlog.get_logger("coatcheck.sessions")


class Seen(LastUses):
    """Gather the sessions that were used and write them in the background."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, records.touch, _log, "sessions.seen_not_written")
