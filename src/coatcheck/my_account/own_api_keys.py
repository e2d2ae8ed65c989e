"""One's own API keys: list them, and revoke one.

Revoking only takes away, so no fresh proof is asked for: whoever is signed in may make the account safer.
"""

from coatcheck.accounts import records as accounts
from coatcheck.api_keys import records
from coatcheck.api_keys.api_key import ApiKey
from coatcheck.api_keys.end import end
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def own_api_keys(desk: Desk, principal: Principal) -> list[ApiKey]:
    """List the keys of the signed-in account, the newest first; what has run out lately is among them."""
    async with desk.database.reading() as db:
        return await records.list_of(db, principal.subject)


async def revoke_api_key(desk: Desk, visit: Visit, principal: Principal, *, key: str) -> None:
    """Revoke a key: when this returns, this process refuses it, and every other within the bound.

    Raises:
        NotFound: the account has no such key.

    See: ASVS 13.3.4.
    """
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, principal.subject)
        if held is None or not await end(tx, desk, owner=held.id, key=key):
            raise NotFound("no such API key of this account")
        details = {"key": key}
        session = principal.session
        await record(tx, desk, visit, "api_key.revoked", account=held.id, session=session, details=details)
