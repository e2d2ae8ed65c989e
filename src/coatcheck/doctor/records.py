"""The SQL of the doctor's permits, and of what it looks at that no other room asks for."""

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, text

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import adding, prepared
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.audit import audit_personal
from coatcheck.storage.tables.doctor import doctor_permits

_permit = doctor_permits.c
RESERVED = ("example.org", "example.com", "example.net", "test", "invalid", "example", "localhost")
"""Domains that are nobody's (RFC 2606)."""


def add_permit(tx: Writing, secret_hash: bytes, account: str, expires_at: Instant) -> None:
    """Keep a new permit."""
    tx.add(_ADD, {"secret_hash": secret_hash, "account": account, "expires_at": expires_at})


async def find_permit(db: Reading, secret_hash: bytes, now: Instant) -> tuple[str, Instant] | None:
    """Give a good permit's account and until when it is good."""
    rows = await db.run(_FIND, {"its_hash": secret_hash, "now": now})
    return (rows[0][0], rows[0][1]) if rows else None


async def take_permit(tx: Writing, account: str) -> bool:
    """Remove an account's permit; of many at once exactly one gets True."""
    return bool((await tx.execute(delete(doctor_permits).where(_permit.account == account))).rowcount)


async def run_out(db: Reading, now: Instant) -> list[str]:
    """List the accounts of permits that are good no more."""
    return [row[0] for row in await db.execute(select(_permit.account).where(_permit.expires_at <= now))]


async def next_end(db: Reading) -> Instant | None:
    """Give when the next permit runs out."""
    return (await db.execute(select(func.min(_permit.expires_at)))).scalar()


async def recent_addresses(db: Reading, most: int) -> list[str]:
    """List the addresses of the latest visitors in the audit trail; empty where one had none."""
    newest = select(audit_personal.c.address).where(audit_personal.c.user_agent != "")
    return [row[0] or "" for row in await db.execute(newest.order_by(audit_personal.c.event.desc()).limit(most))]


async def sample_accounts(db: Reading, most: int) -> list[str]:
    """List addresses of accounts that are in a reserved domain, but for the doctor's own."""
    own = select(_permit.account)
    found = select(accounts.c.email).where(
        accounts.c.status == "active", accounts.c.id.not_in(own), or_(*(_is_in(domain) for domain in RESERVED))
    )
    return [row[0] for row in await db.execute(found.order_by(accounts.c.email).limit(most))]


async def database_clock(db: Reading) -> Instant | None:
    """Give the time by the database's clock; None where it has none of its own."""
    if db.dialect == "sqlite":
        return None
    return int((await db.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000"))).scalar_one())


async def most_connections(db: Reading) -> int | None:
    """Give how many connections the database takes; None where there is no such limit."""
    if db.dialect == "sqlite":
        return None
    return int((await db.execute(text("SHOW max_connections"))).scalar_one())


def _is_in(domain: str) -> ColumnElement[bool]:
    return or_(accounts.c.email.endswith(f"@{domain}"), accounts.c.email.endswith(f".{domain}"))


_ADD = adding(doctor_permits, "secret_hash", "account", "expires_at")
_FIND = prepared(
    select(_permit.account, _permit.expires_at).where(
        _permit.secret_hash == bindparam("its_hash"), _permit.expires_at > bindparam("now")
    )
)
