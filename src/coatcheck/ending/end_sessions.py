"""End sessions of an account: one, the others, or all."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.sessions.end import end, end_all
from coatcheck.visit import Visit


async def end_session(desk: Desk, visit: Visit, *, account: str, session: str, actor: str) -> None:
    """End one session of an account.

    Args:
        actor: who ends it: the account itself, or an administrator.

    Raises:
        NotFound: the account has no such session.

    See: ASVS 7.5.2.
    """
    async with desk.database.writing() as tx:
        if not await end(tx, desk, account=account, session=session):
            raise NotFound("no such session of this account")
        await record(tx, desk, visit, "session.ended", account=account, actor=actor, session=session)


async def end_sessions(desk: Desk, visit: Visit, *, account: str, actor: str, keep: str | None = None) -> int:
    """End an account's sessions, but for one to keep; tell how many.

    The epoch is raised first, under the account's lock: nothing begun before can open a session once this returns.

    Raises:
        NotFound: there is no such account.

    See: ASVS 7.4.3, 7.4.5.
    """
    async with desk.database.writing() as tx:
        if await accounts.lock(tx, account) is None:
            raise NotFound("no such account")
        await accounts.raise_epoch(tx, account)
        ended = await end_all(tx, desk, account=account, keep=keep)
        event = "sessions.ended_others" if keep else "sessions.ended_all"
        await record(tx, desk, visit, event, account=account, actor=actor, session=keep, details={"sessions": ended})
    return ended
