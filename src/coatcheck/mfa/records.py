"""The SQL of second factors. What works once is spent by one statement, and its row count tells who got it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, insert, select, update

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.mfa import backup_codes, totp_secrets, trusted_devices


@dataclass(frozen=True)
class TotpSecret:
    """Hold what is kept of an authenticator app.

    Args:
        sealed: the key, sealed.
        last_step: the newest step that was used; it and all before it are spent.
    """

    sealed: bytes = field(repr=False)
    last_step: int
    created_at: Instant


async def find_totp(db: Reading, account: str) -> TotpSecret | None:
    """Give an account's authenticator app."""
    columns = (totp_secrets.c.sealed, totp_secrets.c.last_step, totp_secrets.c.created_at)
    row = (await db.execute(select(*columns).where(totp_secrets.c.account == account))).first()
    return TotpSecret(*row) if row else None


async def put_totp(tx: Writing, account: str, sealed: bytes, step: int, now: Instant) -> bool:
    """Keep an app in the place of the one there was; tell whether there was one. The caller holds the account's row."""
    was_there = await remove_totp(tx, account)
    row = {"account": account, "sealed": sealed, "last_step": step, "created_at": now}
    await tx.execute(insert(totp_secrets).values(**row))
    return was_there


async def spend_step(tx: Writing, account: str, step: int) -> bool:
    """Spend a step and all before it: of many who bring the same code exactly one is told that it was theirs.

    See: RFC 6238 section 5.2 (a code is accepted once); NIST SP 800-63B-4 section 3.1.4.2.
    """
    unspent = (totp_secrets.c.account == account, totp_secrets.c.last_step < step)
    return (await tx.execute(update(totp_secrets).where(*unspent).values(last_step=step))).rowcount == 1


async def remove_totp(tx: Writing, account: str) -> bool:
    """Forget an account's app; tell whether there was one."""
    return (await tx.execute(delete(totp_secrets).where(totp_secrets.c.account == account))).rowcount == 1


async def replace_codes(tx: Writing, account: str, macs: Iterable[bytes], now: Instant) -> None:
    """Keep a set of backup codes in the place of the one there was. The caller holds the account's row."""
    await remove_codes(tx, account)
    rows = [{"account": account, "code_mac": mac, "created_at": now} for mac in macs]
    await tx.execute(insert(backup_codes), rows)


async def spend_code(tx: Writing, account: str, macs: Sequence[bytes]) -> bool:
    """Spend a backup code: of many who bring it exactly one is told that it was theirs."""
    brought = (backup_codes.c.account == account, backup_codes.c.code_mac.in_(macs))
    return (await tx.execute(delete(backup_codes).where(*brought))).rowcount == 1


async def codes_left(db: Reading, account: str) -> tuple[int, Instant]:
    """Count an account's unused backup codes, and tell when they were made."""
    query = select(func.count(), func.min(backup_codes.c.created_at)).where(backup_codes.c.account == account)
    count, made_at = (await db.execute(query)).one()
    return count, made_at or 0


async def remove_codes(tx: Writing, account: str) -> None:
    """Forget an account's backup codes."""
    await tx.execute(delete(backup_codes).where(backup_codes.c.account == account))


async def remove_all(tx: Writing, account: str) -> None:
    """Forget all second factors of an account, and the browsers that spare it one."""
    for table in (totp_secrets, backup_codes, trusted_devices):
        await tx.execute(delete(table).where(table.c.account == account))
