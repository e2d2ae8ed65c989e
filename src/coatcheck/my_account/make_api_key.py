"""Make an API key of one's own: for a program that acts for its owner, with no more than is ticked."""

from collections.abc import Iterable
from datetime import timedelta

from coatcheck.accounts import records as accounts
from coatcheck.api_keys import records
from coatcheck.api_keys.make import Made, make
from coatcheck.audit.record import record
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.login.notice import notice
from coatcheck.sessions import records as sessions
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def make_api_key(
    desk: Desk, visit: Visit, principal: Principal, *, name: str, scopes: Iterable[str], lifetime: timedelta | None
) -> Made:
    """Make an API key for the signed-in account; whoever calls this has made sure that the sign-in is fresh.

    The key is the account's and whatever the request says otherwise is not read. Account and session are held: after
    the account is locked, or its sessions are ended, none is made by what began before.

    Args:
        name: what its owner calls it.
        scopes: what it is to be allowed of what its owner may do now.
        lifetime: how long it works; None for as long as the settings say.

    Raises:
        BadInput: the name is none, a scope is nothing that the account may, or the time is too long.
        Conflict: the account has as many keys as one may have.
        SessionEnded: the session or the account is gone.

    See: ASVS 6.3.7 (its owner is told), 7.5.1, 8.3.3.
    """
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, principal.subject)
        session = await sessions.lock(tx, principal.session or "")
        if held is None or not held.is_active or session is None:
            raise SessionEnded("the session or its account is gone")
        may = await records.permissions_of_account(tx, held.id, desk.now())
        made = await make(tx, desk, owner=held.id, name=name, scopes=scopes, may=may, lifetime=lifetime)
        key = made.key
        details = {"key": key.id, "name": key.name, "scopes": " ".join(key.scopes)}
        await record(tx, desk, visit, "api_key.created", account=held.id, session=session.id, details=details)
        more = f"It works until {rfc3339(key.expires_at)[:10]}, unless it is revoked on the page of your account."
        await notice(tx, desk, visit, held, "An API key was made", more)
    return made


async def may_be_scopes(desk: Desk, principal: Principal) -> list[str]:
    """List what a key of the signed-in account could be allowed now."""
    async with desk.database.reading() as db:
        return sorted(await records.permissions_of_account(db, principal.subject, desk.now()))
