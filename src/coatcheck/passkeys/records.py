"""The SQL of passkeys."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from coatcheck.clock import Instant
from coatcheck.passkeys.passkey import Passkey
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import prepared
from coatcheck.storage.tables.passkeys import passkeys

_NAMES = tuple(column.name for column in passkeys.columns)
_FIND = prepared(select(*passkeys.columns).where(passkeys.c.credential_id == bindparam("credential_id")))
_LIST = prepared(
    select(*passkeys.columns)
    .where(passkeys.c.account == bindparam("account"))
    .order_by(passkeys.c.created_at, passkeys.c.id)
)


class Taken(Exception):
    """Say that this key is registered already, by this account or another."""


async def find(db: Reading, credential_id: bytes) -> Passkey | None:
    """Give a passkey by its credential's id."""
    rows = await db.run(_FIND, {"credential_id": credential_id})
    return _passkey(rows[0]) if rows else None


async def list_of(db: Reading, account: str) -> list[Passkey]:
    """List an account's passkeys, oldest first."""
    return [_passkey(row) for row in await db.run(_LIST, {"account": account})]


async def add(tx: Writing, passkey: Passkey) -> None:
    """Keep a passkey.

    Raises:
        Taken: its credential's id is there; the transaction cannot go on.
    """
    values: dict[str, Any] = {name: getattr(passkey, name) for name in _NAMES}
    try:
        await tx.execute(insert(passkeys).values(**{**values, "transports": " ".join(passkey.transports)}))
    except IntegrityError as clash:
        raise Taken(passkey.id) from clash


async def note_use(tx: Writing, passkey: Passkey, *, sign_count: int, backed_up: bool, now: Instant) -> bool:
    """Keep that a passkey was used; False where its counter did not go up, or it was removed meanwhile.

    One statement judges and counts, so that of two uses with one count, at once, one is refused.
    """
    goes_up = passkeys.c.sign_count < sign_count if sign_count else passkeys.c.sign_count == 0
    used = update(passkeys).where(passkeys.c.id == passkey.id, passkeys.c.account == passkey.account, goes_up)
    values = {"sign_count": sign_count, "backed_up": backed_up, "last_used_at": now}
    return (await tx.execute(used.values(**values))).rowcount == 1


async def rename(tx: Writing, account: str, passkey: str, name: str) -> bool:
    """Name an account's passkey; False where it has no such one."""
    own = (passkeys.c.id == passkey, passkeys.c.account == account)
    return (await tx.execute(update(passkeys).where(*own).values(name=name))).rowcount == 1


async def remove(tx: Writing, account: str, passkey: str) -> bool:
    """Remove an account's passkey; False where it has no such one."""
    own = (passkeys.c.id == passkey, passkeys.c.account == account)
    return (await tx.execute(delete(passkeys).where(*own))).rowcount == 1


async def remove_all(tx: Writing, account: str, *, keep: Collection[str] = ()) -> None:
    """Remove every passkey of an account, but for those of some ids."""
    await tx.execute(delete(passkeys).where(passkeys.c.account == account, passkeys.c.id.not_in(keep)))


def _passkey(row: Sequence[Any]) -> Passkey:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    flags = {name: bool(values[name]) for name in ("backup_eligible", "backed_up", "verifies")}
    return Passkey(**{**values, **flags, "transports": tuple(values["transports"].split())})
