"""Finish a recovery of second factors: the mailed link of a wait that is over, and the password once more."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.api_keys import end as api_keys
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.audit.refused import refused
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.ending.remove_factors import remove_factors
from coatcheck.errors import BadInput, Busy, Gone
from coatcheck.limits import known_devices, tries
from coatcheck.limits.address import address_key
from coatcheck.limits.tries import Spent
from coatcheck.login.notice import notice
from coatcheck.passwords import records as passwords
from coatcheck.passwords.check import check_password
from coatcheck.passwords.choose import NewPassword, choose_password, store_password
from coatcheck.recovery import records
from coatcheck.secret import hash_secret
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Reading
from coatcheck.visit import Visit

_WHY = "The wait that was begun because they were lost is over, and every session was ended."


async def look_at_lost_removal(desk: Desk, *, token: str) -> bool:
    """Tell whether the password is too short to stand alone, so that finishing takes a new one.

    Nothing happens by looking.

    Raises:
        Gone: the link was used, or the recovery was called off, has run out, or what it rests on changed.
    """
    async with desk.database.reading() as db:
        account = await _whose(db, desk, token)
        return not await passwords.stands_alone(db, account.id)


async def remove_lost_factors(
    desk: Desk, visit: Visit, *, token: str, password: str, new_password: str | None = None
) -> None:
    """Remove every second factor of the account, and end its sessions. It opens none: the person signs in.

    What a role or the site asks for is asked for at that sign-in as ever: nothing is lifted here.

    Args:
        new_password: in the place of one that was long enough only beside a second factor.

    Raises:
        Gone: the link was used, or the recovery was called off, has run out, or what it rests on changed.
        BadInput: the password is wrong, or a new one is needed or not taken.
        TooManyAttempts: this try was not judged.
        Busy: too many passwords are being hashed; the try was given back.

    See: NIST SP 800-63B-4 section 4.2.2; ASVS 6.4.4, 7.4.3.
    """
    async with desk.database.reading() as db:
        account = await _whose(db, desk, token)
        is_short = not await passwords.stands_alone(db, account.id)
    spent = await _judge(desk, visit, account, password)
    chosen = await _choose(desk, account, new_password, spent) if is_short else None
    await _remove(desk, visit, account, token, chosen, spent)


async def _whose(db: Reading, desk: Desk, token: str) -> Account:
    now = desk.now()
    account_id = await records.find_step(db, hash_secret(token), "finish", now)
    wait = await records.find_wait(db, account_id) if account_id else None
    account = await accounts.find(db, account_id) if account_id else None
    if account is None or wait is None or not wait.due_at <= now < wait.expires_at:
        raise Gone("no recovery is due for this link")
    return account


async def _judge(desk: Desk, visit: Visit, account: Account, password: str) -> Spent:
    by = (address_key(visit.address), account.id)
    async with blocks_counted(desk, visit, "recovery.blocked", *by, account=account.id):
        spent = await tries.spend(desk, visit, subject=account.id)
    async with tries.while_judged(desk, spent):
        checked = await check_password(desk, account=account.id, identifier=account.id, password=password)
    if not checked.is_right:
        await refused(desk, visit, "recovery.refused", account=account.id)
        raise BadInput({"password": "This is not the password."})
    return spent


async def _choose(desk: Desk, account: Account, new_password: str | None, spent: Spent) -> NewPassword:
    context = [account.email or "", account.username or ""]
    try:
        return await choose_password(desk, new_password or "", context=context, name="new_password")
    except (BadInput, Busy):
        await tries.give_back(desk, spent)  # the password was right: it was no guess
        raise


async def _remove(
    desk: Desk, visit: Visit, account: Account, token: str, chosen: NewPassword | None, spent: Spent
) -> None:
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account.id)
        epoch = await records.take_step(tx, hash_secret(token), "finish", desk.now())
        wait = await records.find_wait(tx, account.id)
        # The wait is under the account's epoch, and so were the judged password and the link.
        if held is None or wait is None or not held.epoch == account.epoch == epoch:
            raise Gone("the link was used, or what the recovery rests on changed")
        await remove_factors(tx, account.id)
        if chosen is not None:
            await store_password(tx, account.id, chosen, desk.now())
        ended = await end_all(tx, desk, account=account.id)
        revoked = await api_keys.end_all(tx, desk, owner=account.id)
        await known_devices.forget_all(tx, account.id)
        details: dict[str, Detail] = {
            "factors": " ".join(sorted(held.factors)),
            "sessions": ended,
            "api_keys": revoked,
        }
        tries.succeeded(tx, spent)
        await record(tx, desk, visit, "recovery.factors_done", account=account.id, details=details)
        await notice(tx, desk, visit, held, "Your second factors were removed", _WHY)
