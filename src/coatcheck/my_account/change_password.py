"""Change one's password: the other sessions end, this one gets a new secret."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.login.notice import notice
from coatcheck.login.own_password import prove_own_password
from coatcheck.login.standing import asks_for_second_factor
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.secret import Secret
from coatcheck.sessions import records as sessions
from coatcheck.sessions.end import end_all
from coatcheck.sessions.renew_secret import renew_secret
from coatcheck.sessions.session import Session
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def change_password(
    desk: Desk, visit: Visit, principal: Principal, *, password: str, new_password: str
) -> tuple[Session, Secret]:
    """Change the password of the signed-in account; give this session with its new secret.

    Args:
        password: the current one.
        new_password: the new one, as typed.

    Raises:
        BadInput: the current one is wrong, or the new one is not taken.
        TooManyAttempts: this try was not judged.
        SessionEnded: the session, or what it rests on, changed meanwhile.

    See: ASVS 6.2.2, 6.2.3, 7.4.3.
    """
    account = await prove_own_password(desk, visit, principal, password=password)
    context = [account.email or "", account.username or ""]
    is_second_asked = asks_for_second_factor(desk.settings, account)
    chosen = await choose_password(
        desk, new_password, context=context, name="new_password", has_second_factor=is_second_asked
    )
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account.id)
        session = await sessions.lock(tx, principal.session or "")
        if held is None or held.epoch != account.epoch or not held.is_active or session is None:
            raise SessionEnded("the account changed meanwhile")
        await accounts.raise_epoch(tx, account.id)
        await store_password(tx, account.id, chosen, desk.now())
        ended = await end_all(tx, desk, account=account.id, keep=session.id)
        secret = await renew_secret(tx, desk, session)
        details = {"sessions": ended}
        await record(tx, desk, visit, "password.changed", account=account.id, session=session.id, details=details)
        await notice(tx, desk, visit, held, "Your password was changed", "Every other session was ended.")
    return session, secret
