"""Until when a role is given, as somebody writes it: for so long, or until a time."""

from datetime import timedelta
from typing import Final

from coatcheck.clock import Instant, millis, parse_rfc3339
from coatcheck.errors import BadInput
from coatcheck.settings.durations import parse_duration

LONGEST: Final = timedelta(days=36_500)
"""An end that is further away is none."""


def parse_until(now: Instant, *, lasts: str | None = None, until: str | None = None) -> Instant | None:
    """Give the end of a role that is given now; None where neither is said, for good.

    Args:
        lasts: a duration, such as `8h` or `30 days`.
        until: a time with its offset, as RFC 3339 writes it, such as `2027-03-01T18:00Z`.

    Raises:
        BadInput: it is none, has passed, or both are said.
    """
    if lasts and until:
        raise BadInput({"until": "Say for how long, or until when, not both."})
    if lasts:
        return checked_end(now, _after(now, lasts))
    return checked_end(now, _moment(until)) if until else None


def checked_end(now: Instant, end: Instant) -> Instant:
    """Give an end back that lies ahead, and not too far.

    Raises:
        BadInput: it has passed, or is a century away.
    """
    if end <= now:
        raise BadInput({"until": "This time has passed."})
    if end > now + millis(LONGEST):
        raise BadInput({"until": "An end is at most a hundred years away. For good, say none."})
    return end


def _after(now: Instant, lasts: str) -> Instant:
    try:
        return now + millis(parse_duration(lasts))
    except (ValueError, OverflowError):
        raise BadInput({"until": "Write how long as a whole number and a unit, such as 8h or 30 days."}) from None


def _moment(text: str) -> Instant:
    try:
        return parse_rfc3339(text.strip())
    except (ValueError, OverflowError):
        raise BadInput({"until": "Write a time with its offset from UTC, such as 2027-03-01T18:00Z."}) from None
