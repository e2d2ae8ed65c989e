"""Record a refusal in a transaction of its own, as what was refused has none that commits."""

from collections.abc import Mapping

from coatcheck.audit import records
from coatcheck.audit.events import EVENTS
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail, storable
from coatcheck.desk import Desk
from coatcheck.visit import Visit

MINUTE = 60_000


async def refused(
    desk: Desk,
    visit: Visit,
    event: str,
    *,
    account: str | None = None,
    email: str | None = None,
    details: Mapping[str, Detail] | None = None,
    tally: bytes | None = None,
) -> None:
    """Record a refusal, or over a limit only count it: a flood leaves one row a minute for each key.

    Args:
        desk: whose trail.
        visit: from where.
        event: a name of `EVENTS`.
        account: whom it is about, if known.
        email: what was typed, if it is an address.
        details: plain values, never secrets; not kept of what is only counted.
        tally: 32 bytes by `KeyRing.mac` that name what is over its limit; the minute's first refusal stands for all.

    Raises:
        ValueError: the event is none of ours, a detail is not a plain value, or the tally is not 32 bytes.
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.3.
    """
    if event not in EVENTS or (tally is not None and len(tally) != 32):
        raise ValueError(f"no such event, or a tally that is no MAC: {event!r:.80}")
    async with desk.database.writing() as tx:
        if tally is None:
            await record(tx, desk, visit, event, account=account, outcome="refused", email=email, details=details)
            return
        await records.count_refusal(
            tx,
            key=tally,
            minute=desk.now() // MINUTE * MINUTE,
            event=event,
            account=account,
            address=storable(visit.address, 45),
            user_agent=storable(visit.user_agent, 400),
            email=None if email is None else storable(email, 254),
        )
