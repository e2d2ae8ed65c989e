"""Lifting: an administrator's way to let an account be tried again at once."""

from coatcheck.desk import Desk
from coatcheck.limits import counters, records
from coatcheck.storage.database import Writing


async def lift(tx: Writing, desk: Desk, account: str) -> None:
    """Clear every lane and the day's counts of an account; what its visitors' addresses have spent stays spent."""
    totals = [counters.account_key(desk, account, what) for what in counters.GUESSED]
    await records.clear_subject(tx, counters.subject_key(desk, account), totals)
