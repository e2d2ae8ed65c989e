"""Make sure that the person at the keyboard knows the account's password, before something of it is changed."""

from datetime import timedelta

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, FreshSignInNeeded, SessionEnded
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.passwords.check import check_password
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

FRESH = timedelta(minutes=5)


async def prove_own_password(desk: Desk, visit: Visit, principal: Principal, *, password: str) -> Account:
    """Check the password of the signed-in account and give the account as it was when its password was judged.

    Raises:
        BadInput: the password is wrong; the field says so, as the person is known already.
        TooManyAttempts: this try was not judged.
        SessionEnded: the account is gone.
        FreshSignInNeeded: this site has no passwords, and the last proof is too old.

    Without passwords on this site, a sign-in of the last minutes stands for it.

    See: ASVS 6.2.3.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
    if account is None:
        raise SessionEnded("the account is gone")
    if not desk.settings.passwords.enabled:
        return _fresh_enough(desk, principal, account)
    by = (account.id, address_key(visit.address))
    async with blocks_counted(desk, visit, "password.blocked", *by, account=account.id):
        spent = await tries.spend(desk, visit, subject=account.id)
    async with tries.while_judged(desk, spent):
        checked = await check_password(desk, account=account.id, identifier=account.id, password=password)
    if not checked.is_right:
        await refused(desk, visit, "password.refused", account=account.id)
        raise BadInput({"password": "This is not your password."})
    async with desk.database.writing() as tx:
        tries.succeeded(tx, spent)
    return account


def _fresh_enough(desk: Desk, principal: Principal, account: Account) -> Account:
    if not principal.is_fresh(FRESH, desk.now()):
        raise FreshSignInNeeded("no passwords here, and the last proof is too old")
    return account
