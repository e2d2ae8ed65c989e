"""Give one's passkey another name."""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotFound
from coatcheck.login.keep_passkey import name_of
from coatcheck.passkeys import records
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import hold_own_account


async def rename_passkey(desk: Desk, visit: Visit, principal: Principal, *, passkey: str, name: str) -> None:
    """Name a passkey of the signed-in account. Nothing that a sign-in rests on changes by it.

    Raises:
        BadInput: there is nothing to be read in the name.
        NotFound: the account has no such passkey.
        SessionEnded: the session or the account is gone.
    """
    if not name.strip():
        raise BadInput({"name": "Give it a name."})
    named = name_of(name, visit)
    async with desk.database.writing() as tx:
        await hold_own_account(tx, principal)
        if not await records.rename(tx, principal.subject, passkey, named):
            raise NotFound("no such passkey of this account")
        details = {"passkey": passkey, "name": named}
        await record(tx, desk, visit, "passkey.renamed", account=principal.subject, details=details)
