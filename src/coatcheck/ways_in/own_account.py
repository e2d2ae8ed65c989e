"""What every change of one's ways in makes sure of: the account held as it was when its owner proved themselves."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict, SessionEnded
from coatcheck.mfa.enrolled import is_last
from coatcheck.passwords import records as passwords
from coatcheck.sessions import records as sessions
from coatcheck.storage.database import Writing
from coatcheck.verifier import Principal


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
