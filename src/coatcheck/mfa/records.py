"""The SQL of second factors. What works once is spent by one statement, and its row count tells who got it."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, delete, func, insert, select, update

from coatcheck.clock import Instant
from coatcheck.secret import Veiled
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.mfa import backup_codes, totp_secrets, trusted_devices


class TotpSecret(Veiled, frozen=True):
    """Hold what is kept of an authenticator app.

    Args:
        sealed: the key, sealed.
        last_step: the newest step that was used; it and all before it are spent.
    """

    veils: ClassVar = frozenset({"sealed"})

    sealed: bytes
    last_step: int
    created_at: Instant


class TrustedBrowser(Struct, frozen=True, kw_only=True):
    """Hold what its owner sees of a trusted browser.

    Args:
        id: `trb_…`, a handle and no secret.
        address, user_agent: where and with what it was trusted.
    """

    id: str
    created_at: Instant
    expires_at: Instant
    address: str
    user_agent: str


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


async def add_browser(tx: Writing, browser: TrustedBrowser, token_hash: bytes, account: str, epoch: int) -> None:
    """Keep a trusted browser."""
    row = {**asdict(browser), "token_hash": token_hash, "account": account, "epoch": epoch}
    await tx.execute(insert(trusted_devices).values(**row))


async def is_live(db: Reading, token_hash: bytes, account: str, epoch: int, *, now: Instant, since: Instant) -> bool:
    """Tell whether the token of a browser's cookie is trusted for an account of this epoch."""
    live = _live(account, epoch, now, since)
    query = select(trusted_devices.c.id).where(trusted_devices.c.token_hash == token_hash, *live)
    return (await db.execute(query)).first() is not None


async def list_browsers(db: Reading, account: str, epoch: int, *, now: Instant, since: Instant) -> list[TrustedBrowser]:
    """List an account's trusted browsers, the newest first."""
    columns = (trusted_devices.c[name] for name in TrustedBrowser.__struct_fields__)
    query = select(*columns).where(*_live(account, epoch, now, since))
    rows = await db.execute(query.order_by(trusted_devices.c.created_at.desc(), trusted_devices.c.id))
    return [TrustedBrowser(**row._mapping) for row in rows]


async def remove_browser(tx: Writing, account: str, browser: str) -> bool:
    """Forget one browser of an account; tell whether it was one. The caller holds the account's row."""
    one = (trusted_devices.c.account == account, trusted_devices.c.id == browser)
    return (await tx.execute(delete(trusted_devices).where(*one))).rowcount == 1


async def remove_browsers(tx: Writing, account: str) -> int:
    """Forget every browser of an account; give how many there were. The caller holds the account's row."""
    return (await tx.execute(delete(trusted_devices).where(trusted_devices.c.account == account))).rowcount


async def remove_token(tx: Writing, token_hash: bytes, account: str) -> None:
    """Forget the trust that a browser had for an account."""
    own = (trusted_devices.c.account == account, trusted_devices.c.token_hash == token_hash)
    await tx.execute(delete(trusted_devices).where(*own))


async def remove_all(tx: Writing, account: str) -> None:
    """Forget all second factors of an account, and the browsers that spare it one."""
    for table in (totp_secrets, backup_codes, trusted_devices):
        await tx.execute(delete(table).where(table.c.account == account))


def _live(account: str, epoch: int, now: Instant, since: Instant) -> tuple[ColumnElement[bool], ...]:
    return (
        trusted_devices.c.account == account,
        trusted_devices.c.epoch == epoch,
        trusted_devices.c.expires_at > now,
        trusted_devices.c.created_at > since,
    )
