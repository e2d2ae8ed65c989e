"""Say how far away a moment is, in words."""

from coatcheck.clock import Instant

_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000))


def in_words(instant: Instant, now: Instant) -> str:
    """Give `just now`, `3 minutes ago`, `in 14 days`."""
    distance = abs(now - instant)
    for unit, length in _UNITS:
        count = distance // length
        if count:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if instant < now else f"in {words}"
    return "just now" if instant <= now else "in a moment"
