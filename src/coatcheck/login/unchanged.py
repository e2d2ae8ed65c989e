"""Hold an account as it was when something was asked for, and the session that it was asked in."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.errors import SessionEnded
from coatcheck.sessions import records as sessions
from coatcheck.storage.database import Writing


async def hold_unchanged(tx: Writing, account: str, *, epoch: int, session: str | None) -> Account | None:
    """Hold an account until the transaction ends, or give None where it changed.

    Ending a single session leaves the epoch as it is, and a step of a sign-in shows no cookie: so the row is asked.

    Args:
        epoch: the account's when it was asked for.
        session: the one that it was asked in, which is held too; None where a sign-in opens one.

    Raises:
        SessionEnded: that session is gone.

    See: ASVS 7.4.1.
    """
    held = await accounts.lock(tx, account)
    if session is not None and await sessions.lock(tx, session) is None:
        raise SessionEnded("the session ended meanwhile")
    return held if held is not None and held.is_active and held.epoch == epoch else None
