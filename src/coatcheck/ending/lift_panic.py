"""Lift a panic: an account that was secured is open again, as its mailbox has been proven."""

from datetime import timedelta
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.ending.receipts import records
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

RECEIPT_KEPT_FOR: Final = timedelta(days=90)
"""How long receipts are kept once the account is open again."""


async def lift_panic(tx: Writing, desk: Desk, visit: Visit, *, held: Account, actor: str) -> bool:
    """Open an account that is secured, in the transaction of what proved its owner; tell whether it was secured.

    The caller holds the account's row and has raised its epoch.
    """
    if not held.is_secured:
        return False
    now = desk.now()
    await accounts.set_status(tx, held.id, "active")
    await records.lift_all(tx, held.id, now, forget_at=now + millis(RECEIPT_KEPT_FOR))
    await record(tx, desk, visit, "account.panic_lifted", account=held.id, actor=actor)
    return True
