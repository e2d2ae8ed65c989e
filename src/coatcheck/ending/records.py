"""The SQL of what is pending for an account and ends with it: recoveries, mailed links, changes of address."""

from sqlalchemy import bindparam, delete

from coatcheck.storage.database import Writing
from coatcheck.storage.prepared import prepared
from coatcheck.storage.tables.mfa import factor_recoveries, factor_recovery_links
from coatcheck.storage.tables.my_account import email_changes
from coatcheck.storage.tables.recovery import recovery_links


async def drop_recovery(tx: Writing, account: str) -> bool:
    """Remove the recovery of second factors that waits for an account, and its links; tell whether one did."""
    dropped = await tx.run(_DROP_RECOVERY, {"account": account})
    if dropped:
        await tx.execute(delete(factor_recovery_links).where(factor_recovery_links.c.account == account))
    return any(due_at is not None for (due_at,) in dropped)


async def drop_waits(tx: Writing, account: str) -> int:
    """Remove the recovery of second factors that waits for an account; one that is barred stays barred."""
    waits = (factor_recoveries.c.account == account, factor_recoveries.c.due_at.is_not(None))
    return (await tx.execute(delete(factor_recoveries).where(*waits))).rowcount


async def drop_links(tx: Writing, account: str) -> int:
    """Let every mailed link of an account die that recovers something; give how many there were."""
    tables = (recovery_links, factor_recovery_links)
    return sum([(await tx.execute(delete(each).where(each.c.account == account))).rowcount for each in tables])


async def drop_email_changes(tx: Writing, account: str) -> int:
    """Let every change of an account's address die that waits; give how many there were."""
    return (await tx.execute(delete(email_changes).where(email_changes.c.account == account))).rowcount


_DROP_RECOVERY = prepared(
    delete(factor_recoveries)
    .where(factor_recoveries.c.account == bindparam("account"))
    .returning(factor_recoveries.c.due_at)
)
