"""What the account page shows: the account, the last sign-in before this one, and what happened lately."""

from msgspec import Struct

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.show import Entry, show
from coatcheck.desk import Desk
from coatcheck.ending.receipts.look import receipts_of
from coatcheck.ending.receipts.receipt import Receipt
from coatcheck.errors import SessionEnded
from coatcheck.login.standing import asks_for_second_factor, has_use_for_codes
from coatcheck.mfa.backup_codes import FEW
from coatcheck.mfa.records import codes_left
from coatcheck.sessions import records as sessions
from coatcheck.sessions.session import Session
from coatcheck.verifier import Principal

_LOOKED_THROUGH = 100
"""How many sign-ins are looked through for this session's own."""


class Overview(Struct, frozen=True):
    """Hold what the account page shows.

    Args:
        min_length: how long a new password must be.
    """

    account: Account
    min_length: int
    last_sign_in: Entry | None
    activity: list[Entry]
    few_codes: int | None
    """How many backup codes are left, where that are so few that new ones should be made."""
    receipts: list[Receipt]
    """Of panics, the newest first."""


async def overview(desk: Desk, principal: Principal) -> Overview:
    """Gather the account, the sign-in before this session's, and the latest events.

    Raises:
        SessionEnded: the account is gone.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        if account is None:
            raise SessionEnded("the account is gone")
        left, _ = await codes_left(db, account.id)
        few_codes = left if left <= FEW and await has_use_for_codes(db, desk.settings, account) else None
    activity = await show(desk, account=account.id, limit=20)
    sign_ins = await show(desk, account=account.id, event="sign_in.done", limit=_LOOKED_THROUGH)
    min_length = desk.settings.passwords.least_length(has_second_factor=asks_for_second_factor(desk.settings, account))
    receipts = await receipts_of(desk, account=account.id)
    return Overview(account, min_length, _before(sign_ins, principal.session), activity, few_codes, receipts)


async def own_sessions(desk: Desk, principal: Principal) -> list[Session]:
    """List the live sessions of the signed-in account, last used first."""
    async with desk.database.reading() as db:
        return await sessions.list_live(db, principal.subject, desk.now())


def _before(newest_first: list[Entry], session: str | None) -> Entry | None:
    """Give the sign-in before a session's own; none when that is the first, or lies too far back."""
    sign_ins = iter(newest_first)
    for entry in sign_ins:
        if entry.session == session:
            return next(sign_ins, None)
    return None
