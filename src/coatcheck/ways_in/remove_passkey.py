"""Remove a passkey of one's own, unless nobody could sign in to the account without it."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import LastWayIn, NotFound
from coatcheck.login.notice import notice
from coatcheck.login.sign_in import SignIn
from coatcheck.login.standing import enrolled_of, first_factors
from coatcheck.mfa.enrolled import remove_factor
from coatcheck.passkeys import records
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import check_password_alone, hold_own_account


async def remove_passkey(desk: Desk, visit: Visit, principal: Principal, *, passkey: str) -> None:
    """Remove a passkey of the signed-in account; what is pending for it is void, its other sessions end.

    Raises:
        NotFound: the account has no such passkey.
        LastWayIn: it is the last one, and the account has neither a password nor another first factor.
        BadInput: it is the last second factor, and the password is too short to stand alone.
        SessionEnded: the session or the account is gone.

    See: ASVS 6.3.7 (notices), 7.4.3; NIST SP 800-63B-4 section 4.5.
    """
    async with desk.database.writing() as tx:
        account = await hold_own_account(tx, principal)
        own = {each.id: each for each in await records.list_of(tx, account.id)}
        if passkey not in own:
            raise NotFound("no such passkey of this account")
        if len(own) > 1:
            await accounts.set_factors(tx, account.id, account.factors)
        else:
            await _remove_last(tx, desk, account)
        await records.remove(tx, account.id, passkey)
        ended = await end_all(tx, desk, account=account.id, keep=principal.session)
        details: dict[str, str | int] = {"passkey": passkey, "name": own[passkey].name, "sessions": ended}
        await record(tx, desk, visit, "passkey.removed", account=account.id, details=details)
        await notice(tx, desk, visit, account, "A passkey was removed from your account")


async def _remove_last(tx: Writing, desk: Desk, account: Account) -> None:
    enrolled = await enrolled_of(tx, desk, account, SignIn(id=""))
    if not any(factor in enrolled for factor in first_factors(desk.settings) if factor != "passkey"):
        raise LastWayIn("the account has no password and no other first factor")
    await check_password_alone(tx, desk, account, "passkey")
    await remove_factor(tx, account, "passkey")
