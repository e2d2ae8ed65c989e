"""End sessions: the row goes, the bit is set, every process is told."""

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.revocation import indices
from coatcheck.sessions import records
from coatcheck.storage.database import Writing


async def end(tx: Writing, desk: Desk, *, account: str, session: str) -> bool:
    """End one session of an account; tell whether it was there.

    The account's row is held, as by whoever moves its sessions: else a session could move to a new index while it ends,
    and a token with that index would outlive it.
    """
    await accounts.lock(tx, account)
    if not await records.remove(tx, account, session):
        return False
    await indices.end(tx, desk, owner=session, account=account)
    return True


async def end_all(tx: Writing, desk: Desk, *, account: str, keep: str | None = None) -> int:
    """End an account's sessions, but for one to keep; tell how many.

    The caller holds the account's row and has raised its epoch, so that nothing begun before opens another meanwhile.
    """
    ended = await records.remove_all(tx, account, keep)
    for session in ended:
        await indices.end(tx, desk, owner=session, account=account)
    return len(ended)
