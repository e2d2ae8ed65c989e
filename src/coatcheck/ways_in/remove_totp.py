"""Remove one's own authenticator app. Without a second factor the password stands alone, so it must be long enough."""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.login.notice import notice
from coatcheck.mfa import records as mfa
from coatcheck.mfa.enrolled import remove_factor
from coatcheck.sessions.end import end_all
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import check_password_alone, hold_own_account


async def remove_totp(desk: Desk, visit: Visit, principal: Principal) -> None:
    """Remove the authenticator app: other sessions end, and with the last second factor the backup codes go too.

    Raises:
        NotFound: there is no app.
        BadInput: it is the last second factor, and the password is too short to stand alone.
        SessionEnded: the session or the account is gone.

    See: NIST SP 800-63B-4 section 4.4; ASVS 6.3.7 (notices), 7.4.3.
    """
    async with desk.database.writing() as tx:
        held = await hold_own_account(tx, principal)
        if not await mfa.remove_totp(tx, held.id):
            raise NotFound("no authenticator app")
        await check_password_alone(tx, desk, held, "totp")
        await remove_factor(tx, held, "totp")
        ended = await end_all(tx, desk, account=held.id, keep=principal.session)
        details = {"sessions": ended}
        await record(tx, desk, visit, "totp.removed", account=held.id, session=principal.session, details=details)
        await notice(tx, desk, visit, held, "The authenticator app was removed")
