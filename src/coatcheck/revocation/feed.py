"""The feed: what was written to the log after a position, told at once, or after a while that there is nothing."""

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import FeedGone
from coatcheck.revocation import records
from coatcheck.revocation.event import Event, Position
from coatcheck.revocation.reader import LogReader

HOLD_SECONDS = 3.0
"""How long an answer is held back while there is no news."""

MOST_EVENTS = 1000


class News(Struct, frozen=True):
    """Hold the events after one number, up to and including another; none where there is no news.

    Args:
        asked_at: when the log was asked for them; what was committed later may be missing.
    """

    era: str
    after: int
    to: int
    events: list[Event]
    asked_at: Instant


async def news_after(desk: Desk, position: Position, *, hold: float = HOLD_SECONDS) -> News:
    """Give what was written after a position.

    Args:
        position: up to where the asker has read.
        hold: seconds to wait for news where there is none.

    Raises:
        FeedGone: the position is of another era, or older than the log is kept: start over from snapshots.
        DatabaseAway: the database cannot be reached.
    """
    news = await _read(desk, position)
    if news.events:
        return news
    await desk.keep(LogReader).wait_beyond(position, hold)
    return await _read(desk, position)


async def _read(desk: Desk, position: Position) -> News:
    asked_at = desk.now()
    async with desk.database.reading() as db:
        head, rows = await records.after(db, position.number, MOST_EVENTS)
    if head.era != position.era or head.number < position.number:
        raise FeedGone("the position is of another era, or ahead of the log")
    to = rows[-1][0] if len(rows) == MOST_EVENTS else head.number
    if to - position.number != len(rows):
        raise FeedGone("rows after the position are not kept any more")
    return News(head.era, position.number, to, [event for _, event in rows], asked_at)
