"""Who follows the feed of revocations, and who lags behind, by what each service has acknowledged."""

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation import records


class Standing(Struct, frozen=True):
    """Hold where a service stands with the feed.

    Args:
        heard_at: when it said so last.
        behind: how many events it has not applied yet; None where it has to start over, as a backup was restored.
    """

    heard_at: Instant
    behind: int | None


async def standings(desk: Desk) -> dict[str, Standing]:
    """Give by service where each that follows the feed stands; one not heard from for a week is not there."""
    async with desk.database.reading() as db:
        readers = await records.readers(db)
        # Asked for last: the log only grows, so nobody is ahead of it who has read it.
        head = await records.head(db)
    return {
        service: Standing(read_at, head.number - at.number if at.era == head.era and at.number <= head.number else None)
        for service, at, read_at in readers
    }
