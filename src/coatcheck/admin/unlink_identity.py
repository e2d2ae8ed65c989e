"""Unlink a provider from somebody else's account, where its owner asks or the account there is no longer theirs."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.errors import Conflict, NotFound
from coatcheck.login.notice import notice
from coatcheck.sessions.end import end_all
from coatcheck.upstream import records
from coatcheck.upstream.give_back import queue_giveback
from coatcheck.visit import Visit

_BY_WHOM = "Somebody who runs this site unlinked it and ended every session."


async def unlink_from(desk: Desk, visit: Visit, *, account: str, identity: str, actor: str) -> None:
    """Unlink an identity of an account, end its sessions, and tell its owner; its tokens are given back.

    Though it be the only way in: whoever has the account there would come in by it. The mailbox brings its owner back.

    Raises:
        NotFound: there is no such account, or it has no such identity.
        Conflict: it is the administrator's own, which is unlinked on their own page.

    See: ASVS 6.3.7 (notices), 7.4.3.
    """
    if account == actor:
        raise Conflict("one's own provider is unlinked on one's own page")
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account)
        own = {each.id: each for each in await records.list_of(tx, account)} if held is not None else {}
        gone = own.get(identity)
        if held is None or gone is None:
            raise NotFound("no such account, or no such identity of it")
        await queue_giveback(tx, desk, identity=gone.id, provider=gone.provider)
        await records.remove(tx, account, gone.id)
        await accounts.raise_epoch(tx, account)
        ended = await end_all(tx, desk, account=account)
        details: dict[str, Detail] = {"provider": gone.provider, "identity": gone.id, "sessions": ended}
        await record(tx, desk, visit, "identity.unlinked", account=account, actor=actor, details=details)
        what = f"A way to sign in was unlinked from your account: {gone.provider}"
        await notice(tx, desk, visit, held, what, _BY_WHOM)
