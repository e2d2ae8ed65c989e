"""Turn refusals that were only counted into one event a minute for each key."""

from typing import Any

from coatcheck.audit import records
from coatcheck.audit.record import write
from coatcheck.audit.refused import MINUTE
from coatcheck.audit.row import details_text, personal_of
from coatcheck.clock import Instant, rfc3339
from coatcheck.desk import Desk
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

_GRACE = 5_000
_BATCH = 100


def finished_before(now: Instant) -> Instant:
    """Give the instant before which a minute must have begun to be over, also by a clock that is a little behind."""
    return now - MINUTE - _GRACE


async def write_tallies(tx: Writing, desk: Desk) -> None:
    """Write a batch of finished minutes' tallies as events; each is taken once, also when two sealers do this."""
    for tally in await records.take_tallies(tx, finished_before(desk.now()), _BATCH):
        await _write_one(tx, desk, tally)


async def _write_one(tx: Writing, desk: Desk, tally: Any) -> None:
    visit = Visit(address=tally.address, user_agent=tally.user_agent)
    details = details_text({"event": tally.event, "count": tally.count, "minute": rfc3339(tally.minute)})
    await write(tx, desk, personal_of(visit, tally.email), request_id="", event="audit.tally", outcome="refused",
                details=details, account=tally.account, actor=tally.account, session=None)  # fmt: skip
