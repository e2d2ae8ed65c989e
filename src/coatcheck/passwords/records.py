"""The SQL of passwords."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, delete, func, insert, select, update

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import prepared, replacing
from coatcheck.storage.tables.passwords import passwords


async def stored_hash(db: Reading, account: str) -> str | None:
    """Give an account's stored hash, if it has a password."""
    rows = await db.run(_STORED_HASH, {"account": account})
    return rows[0][0] if rows else None


async def stands_alone(db: Reading, account: str) -> bool:
    """Tell whether an account may be left with its password as the only factor; one without a password may."""
    rows = await db.execute(select(passwords.c.stands_alone).where(passwords.c.account == account))
    return all(row[0] for row in rows)


async def store(tx: Writing, account: str, hashed: str, label: str, now: Instant, *, stands_alone: bool) -> None:
    """Set or replace an account's password."""
    values = {"account": account, "hash": hashed, "label": label, "changed_at": now, "stands_alone": stands_alone}
    tx.add(_STORE, values)


async def insert_all(tx: Writing, rows: Sequence[Mapping[str, object]]) -> None:
    """Set the passwords of many new accounts; each row is like the arguments of `store`."""
    if rows:
        await tx.execute(insert(passwords), rows)


async def upgrade(
    tx: Writing, account: str, old_hash: str, new_hash: str, label: str, *, is_long_enough: bool = False
) -> None:
    """Replace a hash by a stronger one of the same password, unless the password was changed meanwhile.

    Args:
        is_long_enough: whether it may be the only factor; of an imported hash nobody knew that before.
    """
    same = (passwords.c.account == account, passwords.c.hash == old_hash)
    known = {"stands_alone": True} if is_long_enough else {}
    await tx.execute(update(passwords).where(*same).values(hash=new_hash, label=label, **known))


async def remove(tx: Writing, account: str) -> None:
    """Leave an account without a password."""
    await tx.execute(delete(passwords).where(passwords.c.account == account))


async def census(db: Reading) -> dict[str, int]:
    """Count the stored hashes by scheme and cost."""
    rows = await db.execute(select(passwords.c.label, func.count()).group_by(passwords.c.label))
    return {row[0]: row[1] for row in rows}


_STORED_HASH = prepared(select(passwords.c.hash).where(passwords.c.account == bindparam("account")))
_STORE = replacing(passwords, "hash", "label", "changed_at", "stands_alone", key="account")
