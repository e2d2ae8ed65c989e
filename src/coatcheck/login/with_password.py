"""Sign in with a password.

limits → find account → check password → admit (policy → open session) → audit
"""

from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import Busy, InvalidCredentials
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.limits.tries import Spent
from coatcheck.login.admit import admit
from coatcheck.login.sign_in import AS_USUAL, Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.login.who import Who, find_who
from coatcheck.passwords.check import Checked, check_password
from coatcheck.passwords.choose import upgrade_hash
from coatcheck.secret import new_id
from coatcheck.visit import Visit


async def sign_in_with_password(
    desk: Desk, visit: Visit, *, identifier: str, password: str, asked_for: AskedFor = AS_USUAL
) -> Admitted | MoreNeeded:
    """Sign in with a name and a password.

    Args:
        identifier: an email address or a username, as typed.
        password: as typed.
        asked_for: how the session is to be presented, and how long it lasts.

    Raises:
        InvalidCredentials: wrong name or password, or an account that is locked; the same for all.
        TooManyAttempts: this try was not judged.
        Busy: too many passwords are being checked; this try was given back.

    See: NIST SP 800-63B-4 section 3.1.1; ASVS 6.3.1, 6.3.8.
    """
    who = await find_who(desk, identifier)
    spent = await _spend(desk, visit, who)
    checked = await _judge(desk, who, password, spent)
    if who.account is None or not checked.is_right or not who.account.is_active:
        account = who.account.id if who.account else None
        await refused(desk, visit, "sign_in.refused", account=account, email=who.email)
        raise InvalidCredentials("no account, a wrong password, or a locked account")
    sign_in = SignIn(
        id=new_id("sgn_"),
        account=who.account.id,
        epoch=who.account.epoch,
        proofs=("password",),
        asked_for=asked_for,
    )
    outcome = await admit(desk, visit, sign_in, spent)
    if checked.upgrade_from is not None:
        await _upgrade(desk, who.account.id, checked.upgrade_from, password)
    return outcome


async def _spend(desk: Desk, visit: Visit, who: Who) -> Spent:
    account = who.account.id if who.account else None
    by = (address_key(visit.address), account or "")  # names without an account are counted together: there is no end
    async with blocks_counted(desk, visit, "sign_in.blocked", *by, account=account, email=who.email):
        return await tries.spend(desk, visit, subject=who.subject)


async def _judge(desk: Desk, who: Who, password: str, spent: Spent) -> Checked:
    account = who.account.id if who.account else None
    async with tries.while_judged(desk, spent):
        return await check_password(desk, account=account, identifier=who.typed, password=password)


async def _upgrade(desk: Desk, account: str, old_hash: str, password: str) -> None:
    try:
        await upgrade_hash(desk, account, old_hash, password)
    except Busy:
        # The person is in; the stronger hash comes with the next sign-in.
        return
