"""The SQL of tokens: the family of a session's refresh tokens, what its access token says, proofs that were used."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import and_, bindparam, delete, func, select, update

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import adding, prepared, unless_there
from coatcheck.storage.tables.access import permissions_of, roles_end_of, roles_of
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.revocation import status_indices
from coatcheck.storage.tables.sessions import sessions
from coatcheck.storage.tables.tokens import refresh_tokens, share_keys, used_proofs
from coatcheck.tokens.family import Family

_FAMILY = (
    "session",
    "family_hash",
    "current_hash",
    "former_hash",
    "replaced_at",
    "sealed",
    "recent",
    "audience",
    "cnf_jkt",
)
_ADD = adding(refresh_tokens, *_FAMILY)
_WITH_SESSION = (
    select(
        *(refresh_tokens.c[name] for name in _FAMILY),
        sessions.c.account,
        sessions.c.presented_as,
        sessions.c.expires_at,
        sessions.c.ends_at,
    )
    .join(sessions, sessions.c.id == refresh_tokens.c.session)
    .where(refresh_tokens.c.family_hash == bindparam("its_family"))
)
_FIND = prepared(_WITH_SESSION)
_LOCK = prepared(_WITH_SESSION.with_for_update(of=[sessions, refresh_tokens]))
_WHOSE = prepared(
    select(sessions.c.account, sessions.c.id)
    .join(refresh_tokens, refresh_tokens.c.session == sessions.c.id)
    .where(refresh_tokens.c.family_hash == bindparam("its_family"))
)
_REPLACE = prepared(
    update(refresh_tokens)
    .where(refresh_tokens.c.session == bindparam("its_session"))
    .values({name: bindparam(f"new_{name}") for name in _FAMILY[2:7]})
)
_SHARE_KEY = prepared(select(share_keys.c.sealed).where(share_keys.c.account == bindparam("its_account")))
_ADD_SHARE_KEY = unless_there(share_keys, "account", "sealed")
_FACTS = prepared(
    select(
        sessions.c.account,
        sessions.c.presented_as,
        sessions.c.remember_me,
        sessions.c.expires_at,
        sessions.c.ends_at,
        sessions.c.auth_time,
        sessions.c.acr,
        sessions.c.amr,
        accounts.c.email,
        accounts.c.username,
        status_indices.c.list,
        status_indices.c.index,
        roles_of(sessions.c.account, bindparam("its_now")),
        permissions_of(sessions.c.account, bindparam("its_now")),
        roles_end_of(sessions.c.account, bindparam("its_now")),
        refresh_tokens.c.cnf_jkt,
    )
    .join(accounts, and_(accounts.c.id == sessions.c.account, accounts.c.status == "active"))
    .join(status_indices, and_(status_indices.c.owner == sessions.c.id, status_indices.c.ended_at.is_(None)))
    .outerjoin(refresh_tokens, refresh_tokens.c.session == sessions.c.id)
    .where(sessions.c.id == bindparam("its_session"))
)
_USE = unless_there(used_proofs, "digest", "expires_at")


class Found(Struct, frozen=True):
    """Hold a family, and how long the session lives that it belongs to."""

    family: Family
    account: str
    presented_as: str
    expires_at: Instant
    ends_at: Instant


class Facts(Struct, frozen=True):
    """Hold what an access token of a session says, read in one state of the database."""

    id: str
    account: str
    presented_as: str
    remember_me: bool
    expires_at: Instant
    ends_at: Instant
    auth_time: Instant
    acr: str
    amr: tuple[str, ...]
    email: str | None
    username: str | None
    list_id: int
    index: int
    roles: list[str]
    permissions: list[str]
    roles_end: Instant | None
    cnf_jkt: str | None


def add_family(tx: Writing, family: Family) -> None:
    """Keep the first refresh token of a session."""
    tx.add(_ADD, {name: getattr(family, name) for name in _FAMILY})


async def lock_family(tx: Writing, family_hash: bytes) -> Found | None:
    """Give a family, and hold its row and its session's until the transaction ends."""
    return _found(await tx.run(_LOCK, {"its_family": family_hash}))


async def find_family(db: Reading, family_hash: bytes) -> Found | None:
    """Give a family as it is."""
    return _found(await db.run(_FIND, {"its_family": family_hash}))


async def whose(db: Reading, family_hash: bytes) -> tuple[str, str] | None:
    """Give the account and the session that a family of refresh tokens belongs to."""
    rows = await db.run(_WHOSE, {"its_family": family_hash})
    return (rows[0][0], rows[0][1]) if rows else None


def replace(tx: Writing, family: Family) -> None:
    """Keep what a family has come to."""
    changed = {f"new_{name}": getattr(family, name) for name in _FAMILY[2:7]}
    tx.add(_REPLACE, {"its_session": family.session, **changed})


async def share_key(db: Reading, account: str) -> bytes | None:
    """Give what an account's shares are made of, sealed; None where no share was given yet."""
    rows = await db.run(_SHARE_KEY, {"its_account": account})
    return rows[0][0] if rows else None


async def add_share_key(tx: Writing, account: str, sealed: bytes) -> None:
    """Keep what an account's shares are made of, unless it is there."""
    await tx.run(_ADD_SHARE_KEY, {"account": account, "sealed": sealed})


async def count_families(db: Reading, account: str) -> int:
    """Count the sessions of an account that have a refresh token."""
    own = select(func.count()).select_from(refresh_tokens).join(sessions, sessions.c.id == refresh_tokens.c.session)
    return int((await db.execute(own.where(sessions.c.account == account))).scalar_one())


async def remove_share_key(tx: Writing, account: str) -> None:
    """Forget what an account's shares were made of: what was sealed under them stays so for good."""
    await tx.execute(delete(share_keys).where(share_keys.c.account == account))


async def facts(db: Reading, session: str, now: Instant) -> Facts | None:
    """Give what an access token of a session says: claims and index in one statement, so in one state.

    Read apart, a role taken away in between would stand in a token whose index is a living one.

    Args:
        now: the moment at which a role must count to be named.
    """
    rows = await db.run(_FACTS, {"its_session": session, "its_now": now})
    if not rows:
        return None
    names = Facts.__struct_fields__[1:]
    row: dict[str, Any] = dict(zip(names, rows[0], strict=True))
    row["amr"], row["remember_me"] = tuple(row["amr"].split()), bool(row["remember_me"])
    row["roles"], row["permissions"] = _words(row["roles"]), _words(row["permissions"])
    return Facts(session, **row)


async def use_proof(tx: Writing, digest: bytes, expires_at: Instant) -> bool:
    """Mark a proof of possession as used: of many that try at once exactly one gets True."""
    return bool(await tx.run(_USE, {"digest": digest, "expires_at": expires_at}))


def _found(rows: Sequence[Any]) -> Found | None:
    if not rows:
        return None
    width = len(_FAMILY)
    return Found(Family(**dict(zip(_FAMILY, rows[0][:width], strict=True))), *rows[0][width:])


def _words(text: str | None) -> list[str]:
    return sorted(set(text.split())) if text else []
