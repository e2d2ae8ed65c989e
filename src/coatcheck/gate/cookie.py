"""Check a session cookie."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeAlias

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.gate.cache import Entry, PrincipalCache, look_up
from coatcheck.sessions import records
from coatcheck.sessions.seen import Seen
from coatcheck.sessions.session import SEEN_EVERY_MS, last_good_moment
from coatcheck.storage.database import Reading
from coatcheck.verifier import Principal

Find: TypeAlias = Callable[[Reading, Instant], Awaitable[records.Found | None]]
"""Finds a session with the roles that count at a moment."""


async def check_cookie(desk: Desk, value: str, *, is_use: bool = True) -> Principal:
    """Give the principal behind a session cookie: from memory, or from the database on a miss.

    Args:
        is_use: whether this keeps the session from idling.

    Raises:
        SessionEnded: no live session has this secret.
    """
    if "\0" in value:  # it tells apart what else is kept in memory (socket tickets, API keys), and stands in no secret
        raise SessionEnded("no session has this secret")
    digest = sha256(value.encode("utf-8", "surrogatepass")).digest()
    return await check_found(desk, digest, lambda db, now: records.find(db, digest, now), is_use=is_use)


async def check_found(desk: Desk, digest: bytes, find: Find, *, is_use: bool) -> Principal:
    """Give the principal that is kept under a digest, or that `find` finds in the database on a miss.

    Raises:
        SessionEnded: there is no such session, or it is over.
    """
    now = desk.now()
    cache = desk.keep(PrincipalCache)
    entry = cache.get(digest, now)
    if entry is None:
        entry = await look_up(cache, lambda: _read(desk, digest, find))
    if is_use and now >= entry.seen_again_at:
        entry.seen(now)
        desk.keep(Seen).note(entry.principal.session or "")
    return entry.principal


async def _read(desk: Desk, digest: bytes, find: Find) -> Entry:
    began = desk.now()
    async with desk.database.reading() as db:
        found = await find(db, began)
    if found is None:
        raise SessionEnded("no session has this secret")
    now, session, works_until = desk.now(), found.session, found.former_until or found.session.ends_at
    if now > min(last_good_moment(session.expires_at, session.ends_at), works_until):
        raise SessionEnded("the session was idle too long, or is over")
    if found.roles_end is None:
        return _entry(found, digest, works_until)
    if now >= found.roles_end:  # a role ran out while this was read
        return await _read(desk, digest, find)
    return _entry(found, digest, min(works_until, found.roles_end - 1))


def _entry(found: records.Found, digest: bytes, works_until: Instant) -> Entry:
    session = found.session
    principal = Principal(
        subject=session.account,
        session=session.id,
        roles=found.roles,
        permissions=found.permissions,
        acr=session.acr,
        amr=session.amr,
        auth_time=session.auth_time,
        expires_at=session.expires_at,
        ends_at=session.ends_at,
        email=found.email,
        username=found.username,
    )
    return Entry(
        principal=principal,
        digest=digest,
        idle_for=session.idle_for,
        works_until=works_until,
        good_until=min(last_good_moment(session.expires_at, session.ends_at), works_until),
        seen_again_at=session.last_seen + SEEN_EVERY_MS,
    )
