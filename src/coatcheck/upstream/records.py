"""The SQL of identities at providers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Rows, Writing
from coatcheck.storage.prepared import prepared, replacing
from coatcheck.storage.tables.upstream import identities, upstream_tokens
from coatcheck.upstream.identity import Identity

_NAMES = ("id", "account", "provider", "issuer", "subject", "email", "name", "linked_at", "last_used_at")
_COLUMNS = tuple(identities.c[name] for name in _NAMES)
_FIND = prepared(select(*_COLUMNS).where(identities.c.key == bindparam("key")))
_LIST = prepared(
    select(*_COLUMNS)
    .where(identities.c.account == bindparam("account"))
    .order_by(identities.c.linked_at, identities.c.id)
)

_STORE_TOKENS = replacing(upstream_tokens, "sealed", "version", "expires_at", key="identity")


class Taken(Exception):
    """Say that this identity is linked already, to this account or another."""


@dataclass(frozen=True, kw_only=True)
class LinkedIdentity:
    """Hold an identity that an account is signed in by.

    Args:
        id: `idn_…`, a handle and no secret.
        email, name: what the provider said last, to be shown; nothing is found by it.
    """

    id: str
    account: str
    provider: str
    issuer: str
    subject: str
    email: str | None
    name: str
    linked_at: Instant
    last_used_at: Instant | None


async def find(db: Reading, identity: Identity) -> LinkedIdentity | None:
    """Give the link of an identity; issuer and subject are compared once more, byte for byte."""
    found = _first(await db.run(_FIND, {"key": identity.key}))
    is_same = found is not None and (found.issuer, found.subject) == (identity.issuer, identity.subject)
    return found if is_same else None


async def list_of(db: Reading, account: str) -> list[LinkedIdentity]:
    """List an account's identities, oldest first."""
    return [_linked(row) for row in await db.run(_LIST, {"account": account})]


async def add(tx: Writing, linked: LinkedIdentity, key: bytes) -> None:
    """Link an identity.

    Raises:
        Taken: it is linked already; the transaction cannot go on.
    """
    values: dict[str, Any] = vars(linked)
    try:
        await tx.execute(insert(identities).values(**values, key=key))
    except IntegrityError as clash:
        raise Taken(linked.id) from clash


async def note_use(tx: Writing, linked: LinkedIdentity, identity: Identity, now: Instant) -> bool:
    """Keep that an identity was used, and what its provider says now; False where it was unlinked meanwhile."""
    used = update(identities).where(identities.c.id == linked.id, identities.c.account == linked.account)
    values = {"email": identity.email, "name": identity.name, "last_used_at": now}
    return (await tx.execute(used.values(**values))).rowcount == 1


async def remove(tx: Writing, account: str, identity: str) -> bool:
    """Unlink an account's identity; False where it has no such one."""
    own = (identities.c.id == identity, identities.c.account == account)
    return (await tx.execute(delete(identities).where(*own))).rowcount == 1


async def store_tokens(tx: Writing, *, identity: str, sealed: bytes, version: str, expires_at: Instant | None) -> None:
    """Keep the sealed tokens of an identity in place of those there were."""
    row = {"identity": identity, "sealed": sealed, "version": version, "expires_at": expires_at}
    await tx.run(_STORE_TOKENS, row)


async def remove_all(tx: Writing, account: str) -> None:
    """Unlink every identity of an account that is closed."""
    await tx.execute(delete(identities).where(identities.c.account == account))


def _first(rows: Rows) -> LinkedIdentity | None:
    return _linked(rows[0]) if rows else None


def _linked(row: Sequence[Any]) -> LinkedIdentity:
    return LinkedIdentity(**dict(zip(_NAMES, row, strict=True)))
