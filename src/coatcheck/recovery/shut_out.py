"""Shut everybody out of an account that its mailbox has just been proven for."""

from msgspec import Struct

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.api_keys import end as api_keys
from coatcheck.desk import Desk
from coatcheck.ending.remove_factors import remove_factors
from coatcheck.limits import known_devices
from coatcheck.passwords import records as passwords
from coatcheck.recovery import records
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing
from coatcheck.upstream import records as upstream
from coatcheck.upstream.give_back import queue_giveback


class Ended(Struct, frozen=True):
    """Say how many sessions and API keys were ended."""

    sessions: int
    api_keys: int


async def shut_out(tx: Writing, desk: Desk, held: Account) -> Ended:
    """End every session, API key, device and link of before. The caller holds the account's row.

    Where nobody had proven the address, that is done now; password and second factors go, as whoever chose them may be
    another.

    See: ASVS 7.4.3.
    """
    await accounts.raise_epoch(tx, held.id)
    ended = Ended(
        sessions=await end_all(tx, desk, account=held.id),
        api_keys=await api_keys.end_all(tx, desk, owner=held.id),
    )
    await known_devices.forget_all(tx, held.id)
    await records.drop_all(tx, held.id)
    if not held.email_proven:
        await passwords.remove(tx, held.id)
        await remove_factors(tx, held.id)
        await accounts.prove_email(tx, held.id)
    return ended


async def unlink_all(tx: Writing, desk: Desk, account: str) -> int:
    """Unlink every provider from an account; tell how many. What they gave us goes back to them."""
    linked = await upstream.list_of(tx, account)
    for each in linked:
        await queue_giveback(tx, desk, identity=each.id, provider=each.provider)
    await upstream.remove_all(tx, account)
    return len(linked)
