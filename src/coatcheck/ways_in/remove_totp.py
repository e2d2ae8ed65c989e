"""Remove one's own authenticator app. Without a second factor the password stands alone, so it must be long enough."""

from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import NotFound
from coatcheck.http.pages import mail_text
from coatcheck.login.own_password import prove_own_password
from coatcheck.mfa import records as mfa
from coatcheck.mfa.enrolled import is_last, remove_factor
from coatcheck.passwords import rules
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.overview import ways_in
from coatcheck.ways_in.own_account import hold_own_account, too_short_alone


async def remove_totp(desk: Desk, visit: Visit, principal: Principal, *, password: str) -> None:
    """Remove the authenticator app; with the last second factor the backup codes go too.

    Args:
        password: the current one, where the app is the last second factor and there is a password; only typed out does
            it tell its length.

    Raises:
        NotFound: there is no app.
        BadInput: the password is wrong, or too short to be the only factor.
        TooManyAttempts: the password was not judged.
        Conflict: the account changed meanwhile.
        SessionEnded: the session or the account is gone.

    See: NIST SP 800-63B-4 sections 3.1.1.2 and 4.4; ASVS 6.2.1.
    """
    before = await ways_in(desk, principal)
    if "totp" not in before.account.factors:
        raise NotFound("no authenticator app")
    epoch = before.account.epoch
    if asks_for_password(desk, before.account, has_password=before.has_password):
        epoch = (await alone_enough(desk, visit, principal, password=password)).epoch
    async with desk.database.writing() as tx:
        held = await hold_own_account(tx, principal, epoch=epoch)
        await mfa.remove_totp(tx, held.id)
        await remove_factor(tx, held, "totp")
        await record(tx, desk, visit, "totp.removed", account=held.id, session=principal.session)
        if held.email:
            message = mail_text(desk.settings, "ways_in/totp_removed.txt", to=held.email, base_url=visit.base_url)
            await post(tx, desk, message, asked_by_stranger=False)


def asks_for_password(desk: Desk, account: Account, *, has_password: bool) -> bool:
    """Tell whether removing the app leaves the password to stand alone, so that it is asked for."""
    return desk.settings.passwords.enabled and has_password and is_last(account, "totp")


async def alone_enough(desk: Desk, visit: Visit, principal: Principal, *, password: str) -> Account:
    """Check the password and that it is long enough to be the only factor; give the account as it was then.

    Raises:
        BadInput: it is wrong, or too short.
        TooManyAttempts: it was not judged.
        SessionEnded: the account is gone.
    """
    account = await prove_own_password(desk, visit, principal, password=password)
    if len(rules.prepare(password)) < desk.settings.passwords.min_length:
        raise too_short_alone(desk)
    return account
