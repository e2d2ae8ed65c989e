"""Unlink a provider from one's account, unless nobody could sign in to the account without it."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import LastWayIn, NotFound
from coatcheck.login.notice import notice
from coatcheck.login.sign_in import SignIn
from coatcheck.login.standing import enrolled_of, first_factors
from coatcheck.sessions.end import end_all
from coatcheck.upstream import records
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.give_back import queue_giveback
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import hold_own_account


async def unlink_identity(desk: Desk, visit: Visit, principal: Principal, *, identity: str) -> None:
    """Unlink an identity of the signed-in account; what is pending for it is void, its other sessions end.

    Raises:
        NotFound: the account has no such identity.
        LastWayIn: the account has no other first factor.
        SessionEnded: the session or the account is gone.

    See: ASVS 6.3.7 (notices), 7.4.3.
    """
    async with desk.database.writing() as tx:
        account = await hold_own_account(tx, principal)
        gone = {each.id: each for each in await records.list_of(tx, account.id)}.get(identity)
        if gone is None:
            raise NotFound("no such identity of this account")
        await queue_giveback(tx, desk, identity=gone.id, provider=gone.provider)
        await records.remove(tx, account.id, gone.id)
        enrolled = await enrolled_of(tx, desk, account, SignIn(id=""))
        if enrolled.isdisjoint(first_factors(desk.settings)):
            raise LastWayIn("the account has no other first factor")
        await accounts.raise_epoch(tx, account.id)
        ended = await end_all(tx, desk, account=account.id, keep=principal.session)
        details: dict[str, str | int] = {"provider": gone.provider, "identity": gone.id, "sessions": ended}
        await record(tx, desk, visit, "identity.unlinked", account=account.id, details=details)
        title = desk.keep(Providers).title_of(gone.provider)
        what = f"A way to sign in was unlinked from your account: {title}"
        await notice(tx, desk, visit, account, what)
