"""Remove every second factor of somebody else's account, on an administrator's word that it is them who asked."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.ending.remove_factors import remove_factors
from coatcheck.errors import Conflict, NotFound
from coatcheck.limits import known_devices
from coatcheck.login.notice import notice
from coatcheck.passwords import records as passwords
from coatcheck.sessions.end import end_all
from coatcheck.visit import Visit

_BY_WHOM = "Somebody who runs this site removed them and ended every session."
_AND_PASSWORD = f"{_BY_WHOM} Your password was too short to be used alone: choose a longer one by the first link below."


async def reset_factors(desk: Desk, visit: Visit, *, account: str, actor: str) -> None:
    """Remove every second factor of an account, end its sessions, and tell its owner.

    A password that was long enough only beside a second factor goes too: its owner chooses one by a mailed link.

    Raises:
        NotFound: there is no such account, or it is closed.
        Conflict: it has no second factor; or an administrator would spare themselves the proof of their own.

    See: NIST SP 800-63B-4 section 4.2; ASVS 6.4.4, 6.4.6.
    """
    if account == actor:
        raise Conflict("an administrator may not reset their own second factors")
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account)
        if held is None or held.status == "closed":
            raise NotFound("no such account")
        if not held.factors:
            raise Conflict("the account has no second factor")
        await remove_factors(tx, account)
        keeps_password = await passwords.stands_alone(tx, account)
        if not keeps_password:
            await passwords.remove(tx, account)
        ended = await end_all(tx, desk, account=account)
        await known_devices.forget_all(tx, account)
        details: dict[str, Detail] = {"factors": " ".join(sorted(held.factors)), "sessions": ended}
        await record(tx, desk, visit, "account.factors_reset", account=account, actor=actor, details=details)
        more = _BY_WHOM if keeps_password else _AND_PASSWORD
        await notice(tx, desk, visit, held, "Your second factors were removed", more)
