"""Note an event of the app that Coatcheck is part of, under the app's own name for it."""

import re
from collections.abc import Mapping

from coatcheck.audit.events import OUR_PREFIXES
from coatcheck.audit.record import write
from coatcheck.audit.row import Detail, details_text, personal_of
from coatcheck.desk import Desk
from coatcheck.visit import Visit

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


async def note(
    desk: Desk,
    visit: Visit,
    event: str,
    *,
    account: str | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Note one event of the app's own, in a transaction of its own.

    Args:
        desk: whose trail.
        visit: from where.
        event: like `note.deleted`, at most 64 characters; what comes before the first dot must be none of our words.
        account: who did it.
        details: plain values, never secrets; long strings are cut.

    Raises:
        ValueError: the name is not like that, or a detail is not a plain value.
        DatabaseAway: the database cannot be reached.
    """
    if len(event) > 64 or not _NAME.fullmatch(event):
        raise ValueError(f"an event's name is like `note.deleted`, not {event!r:.80}")
    if event.split(".")[0] in OUR_PREFIXES:
        raise ValueError(f"{event.split('.')[0]} is a word for Coatcheck's own events: choose another for the app's")
    async with desk.database.writing() as tx:
        await write(tx, desk, personal_of(visit, None), request_id=visit.request_id, event=event, outcome="done",
                    details=details_text(details), account=account, actor=account, session=None)  # fmt: skip
