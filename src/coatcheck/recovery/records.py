"""The SQL of recoveries: links that set a password, and what waits to remove lost second factors."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.mfa import factor_recoveries as waits
from coatcheck.storage.tables.mfa import factor_recovery_links as steps
from coatcheck.storage.tables.recovery import recovery_links as links

LeadsTo: TypeAlias = Literal["begin", "call_off", "finish"]
BEGUN: Final = 1
"""The notices that have gone when a wait has begun."""


class Wait(Struct, frozen=True, kw_only=True):
    """Hold a recovery of second factors that waits.

    Args:
        epoch: the account's when it was begun; another voids it.
        notices: how many have gone.
        base_url: where it was begun, which the links of its notices begin with.
    """

    account: str
    epoch: int
    asked_at: Instant
    due_at: Instant
    expires_at: Instant
    notices: int
    base_url: str


async def insert_link(tx: Writing, link_hash: bytes, account: str | None, epoch: int, expires_at: Instant) -> None:
    """Keep a link; one without an account leads nowhere."""
    await tx.execute(insert(links).values(link_hash=link_hash, account=account, epoch=epoch, expires_at=expires_at))


async def find(db: Reading, link_hash: bytes, now: Instant) -> tuple[str, int] | None:
    """Give the account a link recovers, and the epoch it was made under."""
    query = select(links.c.account, links.c.epoch).where(*_good(link_hash, now))
    row = (await db.execute(query)).first()
    return (row[0], row[1]) if row else None


async def take(tx: Writing, link_hash: bytes, now: Instant) -> tuple[str, int] | None:
    """Spend a link: of many at once exactly one gets the account."""
    spent = delete(links).where(*_good(link_hash, now)).returning(links.c.account, links.c.epoch)
    row = (await tx.execute(spent)).first()
    return (row[0], row[1]) if row else None


async def drop_all(tx: Writing, account: str) -> None:
    """Let every link of an account die."""
    await tx.execute(delete(links).where(links.c.account == account))


def _good(link_hash: bytes, now: Instant) -> tuple[ColumnElement[bool], ...]:
    return (links.c.link_hash == link_hash, links.c.expires_at > now, links.c.account.is_not(None))


async def insert_step(
    tx: Writing, link_hash: bytes, leads_to: LeadsTo, account: str, epoch: int, expires_at: Instant
) -> None:
    """Keep a mailed link that leads one step on in a recovery of second factors."""
    row = {"link_hash": link_hash, "leads_to": leads_to, "account": account, "epoch": epoch}
    await tx.execute(insert(steps).values(**row, expires_at=expires_at))


async def find_step(db: Reading, link_hash: bytes, leads_to: LeadsTo, now: Instant) -> str | None:
    """Give the account that a link leads one step on."""
    row = (await db.execute(select(steps.c.account).where(*_leads(link_hash, leads_to, now)))).first()
    return row[0] if row else None


async def take_step(tx: Writing, link_hash: bytes, leads_to: LeadsTo, now: Instant) -> int | None:
    """Spend a link: of many at once exactly one gets the epoch it was made under."""
    spent = delete(steps).where(*_leads(link_hash, leads_to, now)).returning(steps.c.epoch)
    row = (await tx.execute(spent)).first()
    return row[0] if row else None


async def is_barred(db: Reading, account: str) -> bool:
    """Tell whether an account's second factors cannot be recovered, as its mailbox set its password."""
    barred = select(waits.c.account).where(waits.c.account == account, waits.c.due_at.is_(None))
    return (await db.execute(barred)).first() is not None


async def bar_wait(tx: Writing, account: str, now: Instant) -> None:
    """Let no recovery of second factors begin until one is proven; the caller holds the account's row."""
    await tx.execute(delete(waits).where(waits.c.account == account))
    await tx.execute(insert(waits).values(account=account, epoch=0, asked_at=now, notices=0, base_url=""))


async def begin_wait(tx: Writing, wait: Wait, next_notice_at: Instant) -> None:
    """Keep a recovery that waits, in the place of one that is void; the caller holds the account's row."""
    await tx.execute(delete(waits).where(waits.c.account == wait.account))
    await tx.execute(insert(waits).values(**asdict(wait), next_notice_at=next_notice_at))


async def find_wait(db: Reading, account: str) -> Wait | None:
    """Give the recovery of second factors that waits for an account, unless what it rests on has changed."""
    query = select(*_WAIT).join(accounts, _is_under_its_epoch).where(waits.c.account == account, *_is_alive)
    row = (await db.execute(query)).mappings().first()
    return Wait(**row) if row else None


async def list_to_tell(db: Reading, now: Instant, limit: int) -> Sequence[str]:
    """List the accounts whose owners are to be told that a recovery waits."""
    query = select(waits.c.account).join(accounts, _is_under_its_epoch)
    query = query.where(waits.c.next_notice_at <= now, *_is_alive).order_by(waits.c.next_notice_at)
    return [row[0] for row in await db.execute(query.limit(limit))]


async def tell(tx: Writing, told: Wait, next_notice_at: Instant | None, now: Instant) -> bool:
    """Keep that a notice has gone; of many at once exactly one gets True."""
    untold = (waits.c.account == told.account, waits.c.notices == told.notices - 1, waits.c.next_notice_at <= now)
    changes = {"notices": told.notices, "due_at": told.due_at, "expires_at": told.expires_at}
    done = await tx.execute(update(waits).where(*untold).values(**changes, next_notice_at=next_notice_at))
    return done.rowcount == 1


_WAIT = (
    waits.c.account,
    waits.c.epoch,
    waits.c.asked_at,
    waits.c.due_at,
    waits.c.expires_at,
    waits.c.notices,
    waits.c.base_url,
)
_is_under_its_epoch = and_(accounts.c.id == waits.c.account, accounts.c.epoch == waits.c.epoch)
_is_alive = (waits.c.due_at.is_not(None), accounts.c.status == "active")


def _leads(link_hash: bytes, leads_to: LeadsTo, now: Instant) -> tuple[ColumnElement[bool], ...]:
    return (steps.c.link_hash == link_hash, steps.c.leads_to == leads_to, steps.c.expires_at > now)
