"""The doctor's permits: what one guesses at its own account is counted apart from everybody's.

A permit is no way past a limit: it has the same limits, on counters of its own. Whatever is not its own account's, and
whatever comes when it has run out, is counted as if there were no permit.
"""

from coatcheck.desk import Desk
from coatcheck.limits import records
from coatcheck.secret import hash_secret
from coatcheck.visit import Visit


async def is_counted_apart(desk: Desk, visit: Visit, subject: str) -> bool:
    """Tell whether a visit carries a living permit for this very account.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    if not visit.permit:
        return False
    async with desk.database.reading() as db:
        return await records.has_permit(db, hash_secret(visit.permit), subject, desk.now())
