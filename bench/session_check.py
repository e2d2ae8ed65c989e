"""What it costs to find the principal behind a session cookie: from memory, and from SQLite on a miss."""

import secrets
import time
from hashlib import sha256

from bench.place import add_sessions, new_folder, open_desk
from bench.table import Line
from bench.turns import each, in_turns
from coatcheck.desk import Desk
from coatcheck.gate.cache import Entry, PrincipalCache
from coatcheck.gate.cookie import check_cookie
from coatcheck.sessions.records import FIND
from coatcheck.verifier import Principal

CACHED = 100_000
MISSES = 250
_HOUR = 3_600_000


async def measure() -> list[Line]:
    """Measure a warm check and a miss."""
    with new_folder() as folder:
        async with open_desk(folder) as desk:
            warm = await _warm(desk)
            found = add_sessions(folder, MISSES, desk.now())
            return [warm, await _miss(desk, found)]


async def _warm(desk: Desk) -> Line:
    kept = _fill(desk)
    cookies = [secret.encode() for secret in kept]
    by_digest = {sha256(cookie).digest(): cookie for cookie in cookies}

    async def check() -> float:
        fresh = [cookie.decode() for cookie in cookies]  # no string that was hashed before
        began = time.perf_counter()
        for value in fresh:
            await check_cookie(desk, value)
        return (time.perf_counter() - began) / CACHED * 1e6

    async def look_up() -> float:
        fresh = [cookie.decode() for cookie in cookies]
        began = time.perf_counter()
        for value in fresh:
            by_digest[sha256(value.encode()).digest()]
        return (time.perf_counter() - began) / CACHED * 1e6

    took = await in_turns(7, {"ours": check, "other": look_up})
    what = f"Session check, {CACHED:,} cached : one SHA-256 and one dict look-up"
    return Line(what=what, **took, unit="µs", bound="at most", target=12)


def _fill(desk: Desk) -> list[str]:
    cache, now = desk.keep(PrincipalCache), desk.now()
    made = [secrets.token_urlsafe(24) for _ in range(CACHED)]
    for number, secret in enumerate(made):
        principal = Principal(
            subject=f"acc_{number}", session=f"ses_{number}", auth_time=now, expires_at=now + _HOUR, ends_at=now + _HOUR
        )
        digest = sha256(secret.encode()).digest()
        until = now + _HOUR
        entry = Entry(
            principal=principal, digest=digest, idle_for=_HOUR, works_until=until, good_until=until, seen_again_at=until
        )
        cache.fill(cache.begin(), entry)
    return made


async def _miss(desk: Desk, found: list[str]) -> Line:
    cache = desk.keep(PrincipalCache)
    digests, now = [sha256(secret.encode()).digest() for secret in found], desk.now()

    async def check() -> None:
        cache.forget_all()
        for secret in found:
            await check_cookie(desk, secret)

    async def select() -> None:
        for digest in digests:
            async with desk.database.engine.connect() as connection:
                (await connection.execute(FIND, {"digest": digest, "its_now": now})).first()

    took = await in_turns(25, {"ours": each(MISSES, check), "other": each(MISSES, select)})
    what = "Session check, a miss on SQLite : the same SELECT, engine and pool"
    return Line(what=what, **took, unit="µs", bound="at most", target=1.5)
