"""Say how far away a moment is, in words."""

from coatcheck.clock import Instant

_UNITS = (("minute", 60_000, 60), ("hour", 3_600_000, 24), ("day", 86_400_000, 0))


def in_words(instant: Instant, now: Instant) -> str:
    """Give `just now`, `3 minutes ago`, `in 14 days`.

    What has passed is counted in whole units, as ages are. What comes is rounded: who has just chosen 30 days reads 30.
    """
    ahead = instant > now
    for unit, length, most in _UNITS:
        count = (2 * (instant - now) + length) // (2 * length) if ahead else (now - instant) // length
        if not count:
            break
        if count < most or not most:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {words}" if ahead else f"{words} ago"
    return "in a moment" if ahead else "just now"
