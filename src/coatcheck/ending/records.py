"""The SQL of recoveries that are called off, from wherever that is done."""

from sqlalchemy import bindparam, delete

from coatcheck.storage.database import Writing
from coatcheck.storage.prepared import prepared
from coatcheck.storage.tables.mfa import factor_recoveries, factor_recovery_links


async def drop_recovery(tx: Writing, account: str) -> bool:
    """Remove the recovery of second factors that waits for an account, and its links; tell whether one did."""
    dropped = await tx.run(_DROP_RECOVERY, {"account": account})
    if dropped:
        await tx.execute(delete(factor_recovery_links).where(factor_recovery_links.c.account == account))
    return any(due_at is not None for (due_at,) in dropped)


_DROP_RECOVERY = prepared(
    delete(factor_recoveries)
    .where(factor_recoveries.c.account == bindparam("account"))
    .returning(factor_recoveries.c.due_at)
)
