"""The SQL of API keys."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from coatcheck.api_keys.api_key import ApiKey
from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import adding, prepared
from coatcheck.storage.tables.access import permissions_of, roles_end_of
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.api_keys import api_keys
from coatcheck.storage.tables.clients import service_permissions, services
from coatcheck.storage.tables.revocation import status_indices
from coatcheck.verifier.claims import StatusPlace

_COLUMNS = (
    api_keys.c.id,
    api_keys.c.owner,
    api_keys.c.name,
    api_keys.c.hint,
    api_keys.c.scopes,
    api_keys.c.created_at,
    api_keys.c.expires_at,
    api_keys.c.last_used_at,
)
_NAMES = tuple(column.name for column in _COLUMNS)

_of_service = (
    select(func.aggregate_strings(service_permissions.c.permission, " "))
    .where(service_permissions.c.service == services.c.id)
    .scalar_subquery()
)
_WHOLE = (
    select(
        *_COLUMNS,
        func.coalesce(accounts.c.status, services.c.status),
        accounts.c.email,
        accounts.c.username,
        permissions_of(accounts.c.id, bindparam("its_now")),
        roles_end_of(accounts.c.id, bindparam("its_now")),
        _of_service,
        status_indices.c.list,
        status_indices.c.index,
    )
    .outerjoin(accounts, accounts.c.id == api_keys.c.owner)
    .outerjoin(services, services.c.id == api_keys.c.owner)
    .outerjoin(status_indices, and_(status_indices.c.owner == api_keys.c.id, status_indices.c.ended_at.is_(None)))
)
_FIND = prepared(_WHOLE.where(api_keys.c.secret_hash == bindparam("digest")))
_FIND_BY_ID = prepared(_WHOLE.where(api_keys.c.id == bindparam("its_id")))
"""A key with what its owner may do now, in one statement and so in one state of the database."""

_INSERT = adding(api_keys, *_NAMES, "secret_hash", "kept_until")


class Found(Struct, frozen=True):
    """Hold a key and what is true of its owner now.

    Args:
        standing: the status of the account or service; None where it is gone.
        may: what the owner may do, all of it.
        roles_end: when the first of the owner's roles runs out, or None where none does.
        place: the bit that takes back what a gateway makes of the key.
    """

    key: ApiKey
    standing: str | None
    email: str | None
    username: str | None
    may: frozenset[str]
    roles_end: Instant | None
    place: StatusPlace | None


async def find(db: Reading, digest: bytes, now: Instant) -> Found | None:
    """Give the key whose secret has this hash, with what its owner may do at a moment."""
    return _first(await db.run(_FIND, {"digest": digest, "its_now": now}))


async def find_by_id(db: Reading, key: str, now: Instant) -> Found | None:
    """Give the key of an id, with what its owner may do at a moment."""
    return _first(await db.run(_FIND_BY_ID, {"its_id": key, "its_now": now}))


async def list_of(db: Reading, owner: str) -> list[ApiKey]:
    """List an owner's keys, the newest first; those that have run out lately too."""
    return await _list(db, select(*_COLUMNS).where(api_keys.c.owner == owner))


async def list_all(db: Reading, limit: int) -> list[ApiKey]:
    """List the keys of everybody, the newest first."""
    return await _list(db, select(*_COLUMNS).limit(limit))


async def count_live(db: Reading, owner: str, now: Instant) -> int:
    """Count the keys of an owner that work."""
    live = select(func.count()).where(api_keys.c.owner == owner, api_keys.c.expires_at >= now)
    return int((await db.execute(live)).scalar_one())


async def permissions_of_account(db: Reading, account: str, now: Instant) -> frozenset[str]:
    """Give what an account may do at a moment."""
    may = select(permissions_of(accounts.c.id, bindparam("its_now", now))).where(accounts.c.id == account)
    return _words((await db.execute(may)).scalar())


def insert_key(tx: Writing, key: ApiKey, secret_hash: bytes, kept_until: Instant) -> None:
    """Keep a new key."""
    tx.add(
        _INSERT,
        {**asdict(key), "scopes": " ".join(key.scopes), "secret_hash": secret_hash, "kept_until": kept_until},
    )


async def remove(tx: Writing, owner: str, key: str) -> bool:
    """Remove a key of an owner; of many that do so at once, one is told that it was there."""
    gone = delete(api_keys).where(api_keys.c.id == key, api_keys.c.owner == owner)
    return bool((await tx.execute(gone)).rowcount)


async def remove_all(tx: Writing, owner: str) -> list[str]:
    """Remove every key of an owner; give the ids of those that are gone."""
    gone = delete(api_keys).where(api_keys.c.owner == owner).returning(api_keys.c.id)
    return [row[0] for row in await tx.execute(gone)]


async def touch(tx: Writing, keys: Iterable[str], now: Instant) -> None:
    """Write that keys were used; what somebody holds is left out, as it is ending or another worker writes its use."""
    free = select(api_keys.c.id).where(api_keys.c.id.in_(list(keys))).with_for_update(skip_locked=True)
    earlier = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < now)
    await tx.execute(update(api_keys).where(api_keys.c.id.in_(free), earlier).values(last_used_at=now))


async def _list(db: Reading, query: Any) -> list[ApiKey]:
    newest_first = query.order_by(api_keys.c.created_at.desc(), api_keys.c.id)
    return [_key(row) for row in await db.execute(newest_first)]


def _first(rows: Sequence[Sequence[Any]]) -> Found | None:
    if not rows:
        return None
    standing, email, username, by_roles, roles_end, registered, list_id, index = rows[0][len(_NAMES) :]
    place = None if list_id is None else StatusPlace(list_id, index)
    return Found(_key(rows[0]), standing, email, username, _words(by_roles) | _words(registered), roles_end, place)


def _key(row: Sequence[Any]) -> ApiKey:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=False))
    return ApiKey(**{**values, "scopes": tuple(values["scopes"].split())})


def _words(text: str | None) -> frozenset[str]:
    return frozenset(text.split()) if text else frozenset()
