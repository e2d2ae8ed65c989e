"""The SQL of accounts."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from coatcheck.accounts.account import Account, Status
from coatcheck.accounts.identifiers import EmailAddress, Username
from coatcheck.clock import Instant
from coatcheck.secret import new_id
from coatcheck.storage.database import Reading, Rows, Writing
from coatcheck.storage.prepared import prepared
from coatcheck.storage.tables.accounts import accounts

_COLUMNS = (
    accounts.c.id,
    accounts.c.email,
    accounts.c.username,
    accounts.c.status,
    accounts.c.epoch,
    accounts.c.created_at,
    accounts.c.factors,
)
_by_id = select(*_COLUMNS).where(accounts.c.id == bindparam("id"))
_FIND = prepared(_by_id)
_FIND_BY_EMAIL = prepared(select(*_COLUMNS).where(accounts.c.email == bindparam("text")))
_FIND_BY_USERNAME = prepared(select(*_COLUMNS).where(accounts.c.username == bindparam("text")))
_LOCK = prepared(_by_id.with_for_update())
_NAMES = tuple(column.name for column in _COLUMNS)


class Taken(Exception):
    """Say that another account has this address or name."""


async def find(db: Reading, account_id: str) -> Account | None:
    """Give an account by its id."""
    return _first(await db.run(_FIND, {"id": account_id}))


async def find_by(db: Reading, identifier: EmailAddress | Username) -> Account | None:
    """Give the account that has this address or name."""
    query = _FIND_BY_EMAIL if isinstance(identifier, EmailAddress) else _FIND_BY_USERNAME
    return _first(await db.run(query, {"text": identifier.text}))


async def lock(tx: Writing, account_id: str) -> Account | None:
    """Give an account and hold its row until the transaction ends: who opens, ends or changes comes here first."""
    return _first(await tx.run(_LOCK, {"id": account_id}))


async def lock_all(tx: Writing, account_ids: Sequence[str]) -> None:
    """Hold many accounts' rows until the transaction ends, in one order, so that two who do so never wait in a ring."""
    listed = select(accounts.c.id).where(accounts.c.id.in_(account_ids)).order_by(accounts.c.id)
    await tx.execute(listed.with_for_update())


async def insert_account(tx: Writing, email: EmailAddress, username: Username | None, now: Instant) -> Account:
    """Make an account.

    Raises:
        Taken: another account has the address or the name.
    """
    account = Account(
        id=new_id("acc_"),
        email=email.text,
        username=username.text if username else None,
        status="active",
        epoch=1,
        created_at=now,
    )
    values: dict[str, Any] = {
        name: getattr(account, name) for name in ("id", "email", "username", "status", "epoch", "created_at")
    }
    try:
        await tx.execute(insert(accounts).values(**values))
    except IntegrityError as clash:
        raise Taken(account.id) from clash
    return account


async def raise_epoch(tx: Writing, account_id: str) -> int:
    """Make void whatever is pending for an account; give the new epoch."""
    raised = update(accounts).where(accounts.c.id == account_id).values(epoch=accounts.c.epoch + 1)
    return int((await tx.execute(raised.returning(accounts.c.epoch))).scalar_one())


async def set_factors(tx: Writing, account_id: str, factors: Iterable[str]) -> None:
    """Keep which factors an account has enrolled, and make void whatever is pending; the caller holds its row."""
    values: dict[str, Any] = {"factors": " ".join(sorted(factors)), "epoch": accounts.c.epoch + 1}
    await tx.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


async def drop_factor(tx: Writing, account: Account, factor: str) -> None:
    """Keep that a factor is used up; nothing pending rests on what is left of it, so the epoch stays.

    The caller holds the account's row.
    """
    left = " ".join(sorted(account.factors - {factor}))
    await tx.execute(update(accounts).where(accounts.c.id == account.id).values(factors=left))


async def set_status(tx: Writing, account_id: str, status: Status) -> None:
    """Lock, unlock, secure or close an account; a closed one keeps no address, no name and no factors."""
    values: dict[str, Any] = {"status": status}
    if status == "closed":
        values |= {"email": None, "username": None, "factors": ""}
    await tx.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


async def remove(tx: Writing, account_id: str) -> None:
    """Remove an account that never was a person's, and all that hangs on it; the caller has ended its sessions."""
    await tx.execute(delete(accounts).where(accounts.c.id == account_id))


async def set_email(tx: Writing, account_id: str, email: EmailAddress) -> None:
    """Change an account's address.

    Raises:
        Taken: another account has it.
    """
    try:
        await tx.execute(update(accounts).where(accounts.c.id == account_id).values(email=email.text))
    except IntegrityError as clash:
        raise Taken(account_id) from clash


async def search(db: Reading, text: str, limit: int) -> list[Account]:
    """List accounts whose id, address or name starts with a text, newest first; all for an empty text."""
    query = select(*_COLUMNS).order_by(accounts.c.created_at.desc(), accounts.c.id).limit(limit)
    if text:
        starts = text.strip().lower()
        query = query.where(
            or_(
                accounts.c.id == starts,
                accounts.c.email.startswith(starts, autoescape=True),
                accounts.c.username.startswith(starts, autoescape=True),
            )
        )
    return [_account(row) for row in await db.execute(query)]


def _first(rows: Rows) -> Account | None:
    return _account(rows[0]) if rows else None


def _account(row: Sequence[Any]) -> Account:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    return Account(**{**values, "factors": frozenset(values["factors"].split())})
