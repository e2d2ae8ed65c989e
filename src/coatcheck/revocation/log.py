"""Write the revocation log: every event is announced in the transaction of its cause."""

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation import records
from coatcheck.revocation.event import Event
from coatcheck.revocation.reader import LogReader
from coatcheck.secret import new_id
from coatcheck.storage.database import Writing


class _Announced(Struct, frozen=True):
    event: Event
    at: Instant


def announce(tx: Writing, desk: Desk, event: Event) -> None:
    """Append an event when the transaction ends; this process heeds it as soon as it has committed.

    When the call that wrote it returns, this process refuses; every other does within the bound.
    """
    tx.at_end(_append, _Announced(event, desk.now()))
    tx.afterwards(lambda: desk.keep(LogReader).heed(event))


async def _append(tx: Writing, announced: list[_Announced]) -> None:
    await records.append(tx, [item.event for item in announced], announced[-1].at)


async def start_new_era(desk: Desk) -> str:
    """Begin a new era after a backup was restored, so that every reader starts over; give it."""
    era = new_id("era_")
    async with desk.database.writing() as tx:
        await records.set_era(tx, era)
    return era
