"""Shut everybody out of an account that its mailbox has just been proven for."""

from msgspec import Struct

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.api_keys import end as api_keys
from coatcheck.desk import Desk
from coatcheck.limits import known_devices
from coatcheck.recovery import records
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing


class Ended(Struct, frozen=True):
    """Say how many sessions and API keys were ended."""

    sessions: int
    api_keys: int


async def shut_out(tx: Writing, desk: Desk, held: Account) -> Ended:
    """End every session, API key, device and link of before. The caller holds the account's row.

    See: ASVS 7.4.3.
    """
    await accounts.raise_epoch(tx, held.id)
    ended = Ended(
        sessions=await end_all(tx, desk, account=held.id),
        api_keys=await api_keys.end_all(tx, desk, owner=held.id),
    )
    await known_devices.forget_all(tx, held.id)
    await records.drop_all(tx, held.id)
    return ended
