"""What it costs to find the principal behind an API key that is known, against a session's cookie that is."""

import secrets
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

from bench.place import new_folder, open_desk
from bench.table import Line
from bench.turns import in_turns
from coatcheck.api_keys.key_text import new_key
from coatcheck.desk import Desk
from coatcheck.gate.api_key import cached_by
from coatcheck.gate.authenticate import authenticate
from coatcheck.gate.cache import Entry, PrincipalCache
from coatcheck.verifier import Principal
from coatcheck.visit import Asked

CACHED = 1_000
ROUNDS = 20
_HOUR = 3_600_000
_ORIGIN = "https://auth.example.org"


async def measure() -> list[Line]:
    """Measure the whole way through the gate: what presents it, the digest, the cache, and for a key its count."""
    server, api_keys = {"public_url": _ORIGIN}, {"per_minute": 10**9}
    with new_folder() as folder:
        async with open_desk(folder, server=server, api_keys=api_keys) as desk:
            cookies = [f"__Host-coatcheck={secret}" for secret in _fill_sessions(desk)]
            headers = [f"Bearer {key}" for key in _fill_keys(desk)]
            by_cookie = [Asked(url=_ORIGIN, cookies=cookie) for cookie in cookies]
            by_key = [Asked(url=_ORIGIN, authorization=header) for header in headers]
            for asked in by_key:  # each takes the first portion of its minute, as a busy key does twenty times in one
                await authenticate(desk, asked)
            took = await in_turns(15, {"ours": _each(desk, by_key), "other": _each(desk, by_cookie)})
    what = f"API key at the gate, {CACHED:,} cached : a session's cookie, as many cached"
    return [Line(what=what, **took, unit="µs", bound="at most", target=1.2)]


def _each(desk: Desk, requests: list[Asked]) -> Callable[[], Awaitable[float]]:
    async def check() -> float:
        began = time.perf_counter()
        for _ in range(ROUNDS):
            for asked in requests:
                await authenticate(desk, asked)
        return (time.perf_counter() - began) / (ROUNDS * len(requests)) * 1e6

    return check


def _fill_sessions(desk: Desk) -> list[str]:
    made = [secrets.token_urlsafe(24) for _ in range(CACHED)]
    for number, secret in enumerate(made):
        _keep(desk, sha256(secret.encode()).digest(), Principal(subject=f"acc_{number}", session=f"ses_{number}"))
    return made


def _fill_keys(desk: Desk) -> list[str]:
    made = [new_key("cck").reveal() for _ in range(CACHED)]
    for number, key in enumerate(made):
        _keep(desk, cached_by(key), Principal(subject=f"acc_{number}", api_key=f"key_{number}"))
    return made


def _keep(desk: Desk, digest: bytes, principal: Principal) -> None:
    cache, until = desk.keep(PrincipalCache), desk.now() + _HOUR
    entry = Entry(
        principal=principal, digest=digest, idle_for=_HOUR, works_until=until, good_until=until, seen_again_at=until
    )
    cache.fill(cache.begin(), entry)
