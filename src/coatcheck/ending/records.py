"""The SQL of what goes along with an account's end, or with a recovery that is called off."""

from sqlalchemy import bindparam, delete, update

from coatcheck.storage.database import Writing
from coatcheck.storage.prepared import prepared
from coatcheck.storage.tables.importing import imported_accounts
from coatcheck.storage.tables.mfa import factor_recoveries, factor_recovery_links


async def drop_recovery(tx: Writing, account: str) -> bool:
    """Remove the recovery of second factors that waits for an account, and its links; tell whether one did."""
    dropped = await tx.run(_DROP_RECOVERY, {"account": account})
    if dropped:
        await tx.execute(delete(factor_recovery_links).where(factor_recovery_links.c.account == account))
    return any(due_at is not None for (due_at,) in dropped)


async def forget_former_id(tx: Writing, account: str) -> None:
    """Erase what another system called an account that came from there; that it came, stays."""
    own = imported_accounts.c.account == account
    await tx.execute(update(imported_accounts).where(own).values(external_id=None))


_DROP_RECOVERY = prepared(
    delete(factor_recoveries)
    .where(factor_recoveries.c.account == bindparam("account"))
    .returning(factor_recoveries.c.due_at)
)
