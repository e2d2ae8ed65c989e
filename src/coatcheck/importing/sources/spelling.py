"""How other systems spell times, ids and JSON, read leniently: what cannot be read is none, never an error."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from coatcheck.clock import Instant, parse_rfc3339

_LONGEST_UUID = 36


def moment_of(value: Any) -> Instant | None:
    """Read a time: a driver's `datetime`, or its text; without an offset it is UTC."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    with suppress(ValueError, OverflowError):
        return parse_rfc3339(aware.isoformat())
    return None


def text_of(value: Any) -> str | None:
    """Read a text; what is empty is none."""
    return value.strip() or None if isinstance(value, str) else None


def id_of(value: Any) -> str:
    """Spell an id the same on every database: a UUID with its dashes, which SQLite's columns leave out."""
    text = str(value)
    is_bare = len(text) == _LONGEST_UUID - 4 and all(letter in "0123456789abcdef" for letter in text)
    if not is_bare or isinstance(value, int):
        return text
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def json_of(value: Any) -> dict[str, Any]:
    """Read a JSON object, as a driver's dictionary or as text; anything else is an empty one."""
    if isinstance(value, str | bytes):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return {}
    return value if isinstance(value, dict) else {}
