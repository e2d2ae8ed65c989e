"""What a file of accounts holds at one place, before anybody has made sense of it."""

from typing import Any

import msgspec


class Found(msgspec.Struct, frozen=True):
    """Hold one row of a file.

    Args:
        where: its line.
        values: what stands there, by name; it may be secret.
    """

    where: str
    values: dict[str, Any]

    def __repr__(self) -> str:
        return f"Found({self.where!r}, …)"
