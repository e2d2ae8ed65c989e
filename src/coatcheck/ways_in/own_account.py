"""What every change of one's ways in asks first: a proof of the last minutes, and the account held as it was then."""

from datetime import timedelta
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict, SessionEnded
from coatcheck.mfa.enrolled import has_second_factor, is_last
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


async def check_password_alone(tx: Writing, desk: Desk, held: Account, factor: str) -> None:
    """Make sure that a password which is left without a second factor is long enough to stand alone.

    Raises:
        BadInput: it is not, so the factor stays.

    See: NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.1.
    """
    settings = desk.settings.passwords
    if settings.enabled and is_last(held, factor) and not await passwords.stands_alone(tx, held.id):
        least = settings.min_length
        says = f"Alone, a password needs at least {least} characters, and yours has fewer. Change it first."
        raise BadInput({"password": says})


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
