"""Count in the audit trail what a limit refused: a flood leaves one row a minute for each key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import TooManyAttempts
from coatcheck.visit import Visit


@asynccontextmanager
async def blocks_counted(
    desk: Desk, visit: Visit, event: str, *by: str, account: str | None = None, email: str | None = None
) -> AsyncIterator[None]:
    """Count it when a limit refuses what is done within this block.

    Args:
        event: a name of `EVENTS`.
        by: what is counted together, such as the address's key and the account; nothing that a stranger can vary.
        account: whom it is about, if known.
        email: what was typed, if it is an address; the minute's first stands for all.

    Raises:
        TooManyAttempts: the limit refused, and it is counted.
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.3.3.
    """
    try:
        yield
    except TooManyAttempts:
        tally = desk.key_ring.mac("audit tally", event, *by)
        await refused(desk, visit, event, account=account, email=email, tally=tally)
        raise
