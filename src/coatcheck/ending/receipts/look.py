"""Look at receipts: one's own, anybody's for an administrator, and the one that this browser has just caused."""

from datetime import timedelta
from typing import Final

from coatcheck.access.names import ADMIN
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.ending.receipts import records
from coatcheck.ending.receipts.receipt import Receipt
from coatcheck.errors import NotFound
from coatcheck.secret import hash_secret
from coatcheck.storage.database import Reading
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

SHOWN_FOR: Final = timedelta(hours=1)
"""How long the browser that called a panic may look at its receipt without a session: it has none any more."""
_MOST: Final = 20


async def look_at_receipt(desk: Desk, visit: Visit, principal: Principal | None, *, receipt: str) -> Receipt:
    """Give a receipt to whoever may see it; names of services and processes to administrators alone.

    Raises:
        NotFound: there is none, or it is not for them to see.
    """
    async with desk.database.reading() as db:
        found = await records.find(db, receipt)
        if found is None:
            raise NotFound("no such receipt")
        if principal is not None and ADMIN in principal.roles:
            return found
        is_own = principal is not None and found.account == principal.subject
        if not is_own and not await _is_of(desk, db, visit, receipt):
            raise NotFound("this receipt is for others to see")
    return found.for_its_owner()


async def receipt_of(desk: Desk, receipt: str) -> Receipt:
    """Give a receipt to an operator, or to whoever was asked for more already.

    Raises:
        NotFound: there is none.
    """
    async with desk.database.reading() as db:
        found = await records.find(db, receipt)
    if found is None:
        raise NotFound(f"no receipt {receipt!r:.80}")
    return found


async def receipts_of(desk: Desk, *, account: str) -> list[Receipt]:
    """List an account's receipts without their lines, the newest first."""
    async with desk.database.reading() as db:
        return await records.list_of(db, account, _MOST)


async def just_caused(desk: Desk, visit: Visit) -> str | None:
    """Give the panic that this browser has called within the hour, if it has."""
    if not visit.browser:
        return None
    async with desk.database.reading() as db:
        return await records.latest_of_browser(db, hash_secret(visit.browser), desk.now() - millis(SHOWN_FOR))


async def _is_of(desk: Desk, db: Reading, visit: Visit, receipt: str) -> bool:
    if not visit.browser:
        return False
    return await records.is_of_browser(db, receipt, hash_secret(visit.browser), desk.now() - millis(SHOWN_FOR))
