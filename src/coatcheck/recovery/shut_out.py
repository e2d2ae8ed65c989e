"""Shut everybody out of an account that its mailbox has just been proven for."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.limits import known_devices
from coatcheck.recovery import records
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing


async def shut_out(tx: Writing, desk: Desk, held: Account) -> int:
    """End every session, device and link of before; give how many sessions. The caller holds the account's row.

    See: ASVS 7.4.3.
    """
    await accounts.raise_epoch(tx, held.id)
    ended = await end_all(tx, desk, account=held.id)
    await known_devices.forget_all(tx, held.id)
    await records.drop_all(tx, held.id)
    return ended
