"""What is asked most, answered at the entrance without a router in between: what such an answer is made from."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from coatcheck.desk import Desk
from coatcheck.visit import Visit

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON: RawHeaders = ((b"content-type", b"application/json"),)


class HotCall(Struct, frozen=True):
    """Carry a request that was let in: its host, its origin and the size of its body are checked.

    Args:
        headers: names in lower case.
        body: whole; empty for a method that is safe.
    """

    desk: Desk
    visit: Visit
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"HotCall({self.visit!r})"


class HotAnswer(Struct, frozen=True):
    """Carry an answer; its length and the headers that every answer has are added at the entrance."""

    body: bytes
    status: int = 200
    headers: RawHeaders = JSON

    def __repr__(self) -> str:
        return f"HotAnswer({self.status})"


Hot: TypeAlias = Callable[[HotCall], Awaitable[HotAnswer]]
"""Answers one address; what it raises becomes an answer as everywhere else."""
