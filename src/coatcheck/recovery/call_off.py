"""Call off a recovery of second factors: whoever has any of its mails may, at once, and needs nothing else."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.ending import records as ending
from coatcheck.errors import Gone
from coatcheck.recovery import records
from coatcheck.secret import hash_secret
from coatcheck.storage.database import Reading
from coatcheck.visit import Visit


async def look_at_call_off(desk: Desk, *, token: str) -> None:
    """Tell whether a link calls off a recovery that waits; nothing happens by looking.

    Raises:
        Gone: nothing waits that it could call off.
    """
    async with desk.database.reading() as db:
        await _whose(db, desk, token)


async def call_off(desk: Desk, visit: Visit, *, token: str) -> None:
    """Call off the recovery of second factors that a notice was about; nothing else of the account changes.

    Raises:
        Gone: it was called off already, or finished.
    """
    async with desk.database.reading() as db:
        account = await _whose(db, desk, token)
    async with desk.database.writing() as tx:
        await accounts.lock(tx, account)
        if await records.take_step(tx, hash_secret(token), "call_off", desk.now()) is None:
            raise Gone("the link was used")
        if not await ending.drop_recovery(tx, account):
            raise Gone("no recovery waits any more")
        await record(tx, desk, visit, "recovery.factors_called_off", account=account)


async def _whose(db: Reading, desk: Desk, token: str) -> str:
    account = await records.find_step(db, hash_secret(token), "call_off", desk.now())
    if account is None or await records.find_wait(db, account) is None:
        raise Gone("no recovery waits for this link")
    return account
