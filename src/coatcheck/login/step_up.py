"""Confirm that it is you: prove the password again within a session."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import InvalidCredentials, SessionEnded
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login.admit import admit_again
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.passwords.check import check_password
from coatcheck.secret import new_id
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def step_up_with_password(desk: Desk, visit: Visit, principal: Principal, *, password: str) -> Admitted:
    """Make a session fresh by its account's password; it gets a new secret.

    Raises:
        InvalidCredentials: the password is wrong.
        TooManyAttempts: this try was not judged.
        SessionEnded: the session ended meanwhile.

    See: RFC 9470; ASVS 7.5.1.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
    if account is None:
        raise SessionEnded("the account is gone")
    by = (account.id, address_key(visit.address))
    async with blocks_counted(desk, visit, "step_up.blocked", *by, account=account.id):
        spent = await tries.spend(desk, visit, subject=account.id)
    async with tries.while_judged(desk, spent):
        checked = await check_password(desk, account=account.id, identifier=account.id, password=password)
    if not checked.is_right:
        await refused(desk, visit, "step_up.refused", account=account.id)
        raise InvalidCredentials("wrong password at step-up")
    sign_in = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=("password",))
    return await admit_again(desk, visit, principal, sign_in, spent)
