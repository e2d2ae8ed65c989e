"""Lock an account, or unlock it."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account, Status
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.ending.lift_panic import lift_panic
from coatcheck.ending.receipts import records as receipts
from coatcheck.errors import Conflict, NotFound
from coatcheck.limits.lift import lift
from coatcheck.revocation import indices
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


async def lock_account(desk: Desk, visit: Visit, *, account: str, actor: str) -> None:
    """Lock an account: its sessions end, nothing pending of it can finish, and no way in opens another.

    Its API keys rest: they are refused until it is unlocked.

    Raises:
        NotFound: there is no such account, or it is closed.
        Conflict: an administrator would lock themselves out.

    See: ASVS 7.4.5.
    """
    if account == actor:
        raise Conflict("an administrator may not lock their own account")
    async with desk.database.writing() as tx:
        await _hold(tx, account)
        await accounts.raise_epoch(tx, account)
        await accounts.set_status(tx, account, "locked")
        ended = await end_all(tx, desk, account=account)
        await indices.move(tx, desk, account=account)  # what is kept of its keys is read anew, and then refused
        await record(tx, desk, visit, "account.locked", account=account, actor=actor, details={"sessions": ended})


async def unlock_account(desk: Desk, visit: Visit, *, account: str, actor: str) -> Status:
    """Unlock an account and clear the tries counted against it.

    One that was secured by a panic stays secured. Only where it has no address that could recover it, it is opened.

    Returns:
        How the account stands now.

    Raises:
        NotFound: there is no such account, or it is closed.
        Conflict: it is secured, and not locked: its owner opens it by recovery.
    """
    async with desk.database.writing() as tx:
        held = await _hold(tx, account)
        if held.is_secured and held.email:
            raise Conflict("the account is secured: its owner opens it by recovery")
        await accounts.raise_epoch(tx, account)
        if not await lift_panic(tx, desk, visit, held=held, actor=actor):
            secured = await receipts.is_secured(tx, account)
            await accounts.set_status(tx, account, "secured" if secured else "active")
        await lift(tx, desk, account)
        await record(tx, desk, visit, "account.unlocked", account=account, actor=actor)
        now = await accounts.find(tx, account)
    return now.status if now else "closed"


async def _hold(tx: Writing, account: str) -> Account:
    held = await accounts.lock(tx, account)
    if held is None or held.status == "closed":
        raise NotFound("no such account")
    return held
