"""Short-lived tickets in Valkey or Redis: for many workers and nodes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from coatcheck.errors import Busy, ConfigurationError

PREFIX = "coatcheck:"

_CONNECTIONS = 32
_TIMEOUT_SECONDS = 2.0
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class InValkey:
    """Keep tickets on a server of their own, which also removes what has run out.

    Args:
        url: `redis://user:password@host:port/number`, `rediss://…` or `unix://path`.

    Raises:
        ConfigurationError: the URL cannot be read.
    """

    def __init__(self, url: str) -> None:
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=_TIMEOUT_SECONDS,
                socket_timeout=_TIMEOUT_SECONDS,
                socket_connect_timeout=_TIMEOUT_SECONDS,
                # One more try, for a connection that has gone stale. What a lost answer had spent stays spent.
                retry=Retry(NoBackoff(), 1),
            )
        except ValueError:
            raise ConfigurationError("ephemeral.url cannot be read: write redis://host:6379/0") from None
        self._server = Redis.from_pool(pool)
        self._count = self._server.register_script(_COUNT)

    async def put(self, kind: str, key: str, value: bytes, *, ttl_ms: int, only_if_absent: bool = False) -> bool:
        """Store a value for `ttl_ms` milliseconds; tell whether it was stored.

        Raises:
            Busy: the server cannot be reached.
        """
        async with _reached():
            return bool(await self._server.set(_name(kind, key), value, px=ttl_ms, nx=only_if_absent))

    async def get(self, kind: str, key: str) -> bytes | None:
        """Give a value that has not run out.

        Raises:
            Busy: the server cannot be reached.
        """
        async with _reached():
            return _as_bytes(await self._server.get(_name(kind, key)))

    async def take(self, kind: str, key: str) -> bytes | None:
        """Give a value and remove it; of many callers at once exactly one gets it.

        Raises:
            Busy: the server cannot be reached.
        """
        async with _reached():
            return _as_bytes(await self._server.getdel(_name(kind, key)))

    async def count(self, kind: str, key: str, *, ttl_ms: int) -> int:
        """Count one more and give the count; counting starts again `ttl_ms` milliseconds after the first.

        Raises:
            Busy: the server cannot be reached.
        """
        async with _reached():
            # A mark that no kind has, so that a count and a ticket of one name never meet.
            return int(await self._count(keys=[_name(f"{kind}#", key)], args=[ttl_ms]))

    async def close(self) -> None:
        """Give back the connections."""
        await self._server.aclose()


def _name(kind: str, key: str) -> str:
    return f"{PREFIX}{kind}:{key}"


def _as_bytes(value: bytes | str | None) -> bytes | None:
    # The client answers in text when the URL asks it to.
    return value.encode() if isinstance(value, str) else value


@asynccontextmanager
async def _reached() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        # Only the kind of error: its text may name the server's URL or a key.
        raise Busy(retry_after=1, because=f"ephemeral store: {type(error).__name__}") from None
