"""Remove a passkey of one's own, unless nobody could sign in to the account without it."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import LastWayIn, NotFound
from coatcheck.http.pages import mail_text
from coatcheck.login.sign_in import SignIn
from coatcheck.login.standing import enrolled_of, first_factors
from coatcheck.mfa import enrolled as mfa
from coatcheck.passkeys import records
from coatcheck.passwords import records as passwords
from coatcheck.storage.database import Writing
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import hold_own_account, too_short_alone


async def remove_passkey(desk: Desk, visit: Visit, principal: Principal, *, passkey: str) -> None:
    """Remove a passkey of the signed-in account; whatever is pending for it is void, and the owner is told by mail.

    Raises:
        NotFound: the account has no such passkey.
        LastWayIn: it is the last one, and the account has neither a password nor another first factor.
        BadInput: it is the last second factor, and the password is too short to stand alone.
        SessionEnded: the session or the account is gone.

    See: ASVS 6.3.7 (notices); NIST SP 800-63B-4 section 4.5.
    """
    async with desk.database.writing() as tx:
        account = await hold_own_account(tx, principal)
        own = {each.id: each for each in await records.list_of(tx, account.id)}
        if passkey not in own:
            raise NotFound("no such passkey of this account")
        is_last = len(own) == 1
        if is_last and not await _has_another_way_in(tx, desk, account):
            raise LastWayIn("the account has no password and no other first factor")
        if is_last and mfa.is_last(account, "passkey") and not await passwords.stands_alone(tx, account.id):
            raise too_short_alone(desk)
        await records.remove(tx, account.id, passkey)
        if is_last:
            await mfa.remove_factor(tx, account, "passkey")
        else:
            await accounts.set_factors(tx, account.id, account.factors)
        details = {"passkey": passkey, "name": own[passkey].name}
        await record(tx, desk, visit, "passkey.removed", account=account.id, details=details)
        if account.email:
            message = mail_text(
                desk.settings,
                "ways_in/passkey_removed.txt",
                to=account.email,
                base_url=visit.base_url,
                link=f"{visit.base_url}/account/ways-in",
            )
            await post(tx, desk, message, asked_by_stranger=False)


async def _has_another_way_in(tx: Writing, desk: Desk, account: Account) -> bool:
    enrolled = await enrolled_of(tx, account, SignIn(id=""))
    return any(factor in enrolled for factor in first_factors(desk.settings) if factor != "passkey")
