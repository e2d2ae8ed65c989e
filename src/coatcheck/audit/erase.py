"""Erase what names a person from the audit trail; the chain stays whole."""

from coatcheck.audit import records
from coatcheck.storage.database import Writing


async def erase(tx: Writing, account: str) -> int:
    """Erase addresses, agents and emails beside an account's events; tell beside how many.

    What happened and when remains, under an id that names nobody once the account is closed.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    return await records.erase_personal(tx, account)
