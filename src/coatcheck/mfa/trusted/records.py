"""The SQL of trusted browsers."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.mfa import trusted_devices as devices


@dataclass(frozen=True, kw_only=True)
class TrustedBrowser:
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


_COLUMNS = (devices.c.id, devices.c.created_at, devices.c.expires_at, devices.c.address, devices.c.user_agent)


async def insert_browser(tx: Writing, browser: TrustedBrowser, token_hash: bytes, account: str, epoch: int) -> None:
    """Keep a trusted browser."""
    row = {**vars(browser), "token_hash": token_hash, "account": account, "epoch": epoch}
    await tx.execute(insert(devices).values(**row))


async def find(db: Reading, token_hash: bytes, account: str, epoch: int, *, now: Instant, since: Instant) -> bool:
    """Tell whether a cookie's token is trusted for an account of this epoch."""
    query = select(devices.c.id).where(devices.c.token_hash == token_hash, *_live(account, epoch, now, since))
    return (await db.execute(query)).first() is not None


async def list_live(db: Reading, account: str, epoch: int, *, now: Instant, since: Instant) -> list[TrustedBrowser]:
    """List an account's trusted browsers, the newest first."""
    query = select(*_COLUMNS).where(*_live(account, epoch, now, since))
    rows = await db.execute(query.order_by(devices.c.created_at.desc(), devices.c.id))
    return [TrustedBrowser(**row._mapping) for row in rows]


async def remove(tx: Writing, account: str, browser: str) -> bool:
    """Forget one browser of an account; tell whether it was one. The caller holds the account's row."""
    gone = delete(devices).where(devices.c.account == account, devices.c.id == browser)
    return (await tx.execute(gone)).rowcount == 1


async def remove_all(tx: Writing, account: str) -> int:
    """Forget every browser of an account; give how many there were. The caller holds the account's row."""
    return (await tx.execute(delete(devices).where(devices.c.account == account))).rowcount


async def remove_by_token(tx: Writing, token_hash: bytes, account: str) -> None:
    """Forget the trust that a browser had for an account."""
    await tx.execute(delete(devices).where(devices.c.account == account, devices.c.token_hash == token_hash))


def _live(account: str, epoch: int, now: Instant, since: Instant) -> tuple[ColumnElement[bool], ...]:
    return (
        devices.c.account == account,
        devices.c.epoch == epoch,
        devices.c.expires_at > now,
        devices.c.created_at > since,
    )
