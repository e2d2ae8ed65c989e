"""The SQL of sessions."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Row, and_, bindparam, case, delete, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from coatcheck.clock import Instant
from coatcheck.sessions.session import SEEN_EVERY_MS, Session
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import adding
from coatcheck.storage.tables.access import permissions_of, roles_end_of, roles_of
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.sessions import sessions

_SESSION = (
    sessions.c.id,
    sessions.c.account,
    sessions.c.presented_as,
    sessions.c.remember_me,
    sessions.c.created_at,
    sessions.c.last_seen,
    sessions.c.idle_for,
    sessions.c.expires_at,
    sessions.c.ends_at,
    sessions.c.auth_time,
    sessions.c.acr,
    sessions.c.amr,
    sessions.c.address,
    sessions.c.user_agent,
)

_WITH_ROLES = select(
    *_SESSION,
    sessions.c.former_hash,
    sessions.c.former_until,
    sessions.c.former_acr,
    sessions.c.former_amr,
    sessions.c.former_auth_time,
    accounts.c.email,
    accounts.c.username,
    roles_of(sessions.c.account, bindparam("its_now")),
    permissions_of(sessions.c.account, bindparam("its_now")),
    roles_end_of(sessions.c.account, bindparam("its_now")),
).join(accounts, and_(accounts.c.id == sessions.c.account, accounts.c.status == "active"))
FIND = _WITH_ROLES.where(
    or_(sessions.c.secret_hash == bindparam("digest"), sessions.c.former_hash == bindparam("digest"))
)
"""The one SELECT of a cache miss: session, account, roles and permissions in one state of the database."""

_FIND_BY_ID = _WITH_ROLES.where(sessions.c.id == bindparam("its_id"))
_INSERT = adding(sessions, *(column.name for column in _SESSION), "secret_hash")


class Found(Struct, frozen=True):
    """Hold what one credential leads to; for a replaced secret, the level it had and until when it works.

    Args:
        roles_end: when the first of the roles runs out, or None where none does.
    """

    session: Session
    email: str | None
    username: str | None
    roles: frozenset[str]
    permissions: frozenset[str]
    roles_end: Instant | None
    former_until: Instant | None


async def find(db: Reading, digest: bytes, now: Instant) -> Found | None:
    """Give the session whose secret, or just replaced secret, has this hash; with the roles that count now."""
    row = (await db.execute(FIND, {"digest": digest, "its_now": now})).first()
    return None if row is None else _found(row, digest)


async def find_by_id(db: Reading, session: str, now: Instant) -> Found | None:
    """Give the session of an id; with the roles that count now."""
    row = (await db.execute(_FIND_BY_ID, {"its_id": session, "its_now": now})).first()
    return None if row is None else _found(row, None)


def _found(row: Row[Any], digest: bytes | None) -> Found:
    session, (former_hash, until, *level), access = _session(row), row[14:19], row[19:]
    is_former = digest is not None and former_hash == digest
    if is_former:
        acr, amr, auth_time = level
        session = Session(**{**asdict(session), "acr": acr, "amr": _methods(amr), "auth_time": auth_time})
    email, username, roles, permissions, roles_end = access
    return Found(session, email, username, _words(roles), _words(permissions), roles_end, until if is_former else None)


def insert_session(tx: Writing, session: Session, secret_hash: bytes) -> None:
    """Keep a new session."""
    row = {**asdict(session), "amr": " ".join(session.amr), "secret_hash": secret_hash}
    tx.add(_INSERT, row)


async def get(db: Reading, session_id: str) -> Session | None:
    """Give a session by its id."""
    row = (await db.execute(select(*_SESSION).where(sessions.c.id == session_id))).first()
    return _session(row) if row else None


async def lock(tx: Writing, session_id: str) -> Session | None:
    """Give a session and hold its row until the transaction ends."""
    row = (await tx.execute(select(*_SESSION).where(sessions.c.id == session_id).with_for_update())).first()
    return _session(row) if row else None


async def list_live(db: Reading, account: str, now: Instant, limit: int = 200) -> list[Session]:
    """List an account's live sessions, last used first."""
    live = and_(sessions.c.account == account, *_live(now))
    query = select(*_SESSION).where(live).order_by(sessions.c.last_seen.desc()).limit(limit)
    return [_session(row) for row in await db.execute(query)]


async def has_older(db: Reading, account: str, than: Instant) -> bool:
    """Tell whether an account has a session that was opened before a moment."""
    query = select(sessions.c.id).where(sessions.c.account == account, sessions.c.created_at < than).limit(1)
    return (await db.execute(query)).first() is not None


async def remove(tx: Writing, account: str, session_id: str) -> bool:
    """Remove one session of an account; tell whether it was there."""
    gone = delete(sessions).where(sessions.c.id == session_id, sessions.c.account == account)
    return bool((await tx.execute(gone)).rowcount)


async def remove_all(tx: Writing, account: str, keep: str | None) -> list[str]:
    """Remove an account's sessions, but for one to keep; give the ids of those that are gone."""
    gone = delete(sessions).where(sessions.c.account == account).returning(sessions.c.id)
    if keep is not None:
        gone = gone.where(sessions.c.id != keep)
    return [row[0] for row in await tx.execute(gone)]


async def replace_secret(tx: Writing, session: Session, secret_hash: bytes, former_until: Instant | None) -> None:
    """Store a new secret and level; the replaced secret works until `former_until` at its old level, or no more."""
    keeps = former_until is not None
    await tx.execute(
        update(sessions)
        .where(sessions.c.id == session.id)
        .values(
            former_hash=sessions.c.secret_hash if keeps else None,
            former_until=former_until,
            former_acr=sessions.c.acr if keeps else None,
            former_amr=sessions.c.amr if keeps else None,
            former_auth_time=sessions.c.auth_time if keeps else None,
            secret_hash=secret_hash,
            acr=session.acr,
            amr=" ".join(session.amr),
            auth_time=session.auth_time,
        )
    )


async def touch(tx: Writing, session_ids: Iterable[str], now: Instant) -> None:
    """Write that sessions were used; one that was used later meanwhile, or is over, stays as it is.

    One that somebody holds is left out: it is ending, or changes and is read anew, or another worker writes its use.
    Waiting for it while holding others could close a ring.
    """
    idle_end = now + sessions.c.idle_for
    free = select(sessions.c.id).where(sessions.c.id.in_(list(session_ids))).with_for_update(skip_locked=True)
    await tx.execute(
        update(sessions)
        .where(sessions.c.id.in_(free), sessions.c.last_seen < now, *_live(now))
        .values(last_seen=now, expires_at=case((idle_end < sessions.c.ends_at, idle_end), else_=sessions.c.ends_at))
    )


def _live(now: Instant) -> tuple[ColumnElement[bool], ...]:
    return (sessions.c.expires_at + SEEN_EVERY_MS >= now, sessions.c.ends_at >= now)


def _session(row: Row[Any]) -> Session:
    values = dict(zip((column.name for column in _SESSION), row, strict=False))
    return Session(**{**values, "amr": _methods(values["amr"])})


def _methods(text: str | None) -> tuple[str, ...]:
    return tuple(text.split()) if text else ()


def _words(text: str | None) -> frozenset[str]:
    return frozenset(text.split()) if text else frozenset()
