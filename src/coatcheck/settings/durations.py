"""How long, in words: `250ms`, `15m`, `1h 30m`, `30 days`."""

import re
from datetime import timedelta

_UNITS = {
    "milliseconds": ("ms", "millisecond", "milliseconds"),
    "seconds": ("s", "sec", "second", "seconds"),
    "minutes": ("m", "min", "minute", "minutes"),
    "hours": ("h", "hour", "hours"),
    "days": ("d", "day", "days"),
    "weeks": ("w", "week", "weeks"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_PART = r"(\d{1,9})\s*([a-z]+)"


def parse_duration(text: str) -> timedelta:
    """Parse whole numbers with units, added up.

    Raises:
        ValueError: there is no unit, an unknown one, or anything else.
    """
    words = text.strip().lower()
    parts = re.findall(_PART, words, re.ASCII)
    if not re.fullmatch(rf"{_PART}(\s*{_PART})*", words, re.ASCII) or any(unit not in _UNIT_OF for _, unit in parts):
        raise ValueError("write a whole number and a unit, such as 250ms, 15m, 1h or 30 days")
    total = timedelta()
    for number, unit in parts:
        total += timedelta(**{_UNIT_OF[unit]: int(number)})
    return total


def in_words(duration: timedelta) -> str:
    """Write a duration with the largest unit that leaves a whole number."""
    for unit in ("days", "hours", "minutes", "seconds", "milliseconds"):
        whole, rest = divmod(duration, timedelta(**{unit: 1}))
        if not rest:
            return f"{whole} {unit}" if whole != 1 else f"1 {unit.removesuffix('s')}"
    return str(duration)
