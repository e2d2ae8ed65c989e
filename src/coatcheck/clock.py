"""The clock: the only place that reads the time."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol, TypeAlias

Instant: TypeAlias = int
"""A point in time: milliseconds since 1970-01-01 UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tell the time; passed to whoever needs it, so that tests can set it."""

    def now(self) -> Instant:
        """Give the wall-clock time."""
        ...

    def monotonic(self) -> float:
        """Give seconds on a clock that is never set, for measuring how old a thing is."""
        ...


class SystemClock:
    """Tell the machine's time."""

    def now(self) -> Instant:
        """Give the wall-clock time in milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Give seconds on the machine's monotonic clock."""
        return time.monotonic()


def millis(duration: timedelta) -> int:
    """Turn a duration into whole milliseconds."""
    return duration // timedelta(milliseconds=1)


def rfc3339(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, to the second.

    See: RFC 3339 section 5.6.
    """
    return _second(instant // 1000)


def rfc3339_ms(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, to the millisecond."""
    return f"{_second(instant // 1000)[:-1]}.{instant % 1000:03d}Z"


def parse_rfc3339(text: str) -> Instant:
    """Read an instant as RFC 3339 writes it.

    Raises:
        ValueError: it is none, or says no offset from UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


@lru_cache(maxsize=4096)  # the same seconds are written again and again: every request's now, every session's ends
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
