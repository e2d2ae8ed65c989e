"""What every change of one's ways in asks first: a proof of the last minutes, and the account held as it was then."""

from datetime import timedelta
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict, SessionEnded
from coatcheck.mfa.enrolled import has_second_factor
from coatcheck.passwords import records as passwords
from coatcheck.sessions import records as sessions
from coatcheck.storage.database import Writing
from coatcheck.verifier import Demand, Principal

FRESH: Final = timedelta(minutes=5)


async def demand_of(desk: Desk, principal: Principal) -> Demand:
    """Give what a change of one's ways in asks for: a fresh sign-in, and two factors where the account has a second.

    Raises:
        SessionEnded: the account is gone.

    See: NIST SP 800-63B-4 section 4.1; ASVS 7.5.1.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        if account is None:
            raise SessionEnded("the account is gone")
        # Without a password, an app and a mailbox are all there is, and the two lift nobody to aal2.
        reaches = "passkey" in account.factors or await passwords.stored_hash(db, account.id) is not None
    return Demand(fresh=FRESH, acr="aal2" if has_second_factor(account) and reaches else None)


def too_short_alone(desk: Desk) -> BadInput:
    """Give the refusal to remove a second factor beside which a password was taken that is too short to stand alone."""
    least = desk.settings.passwords.min_length
    return BadInput(
        {"password": f"Alone, a password needs at least {least} characters, and yours has fewer. Change it first."}
    )


async def hold_own_account(tx: Writing, principal: Principal, *, epoch: int | None = None) -> Account:
    """Hold the account of a session that is alive until the transaction ends.

    Args:
        epoch: what the account's must be still, where something was judged under it.

    Raises:
        SessionEnded: the session or the account is gone.
        Conflict: the account changed meanwhile.
    """
    held = await accounts.lock(tx, principal.subject)
    session = await sessions.lock(tx, principal.session or "")
    if held is None or not held.is_active or session is None:
        raise SessionEnded("the session or its account is gone")
    if epoch is not None and held.epoch != epoch:
        raise Conflict("the account changed meanwhile")
    return held
