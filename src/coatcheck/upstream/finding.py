"""What `provider test` found out, a step at a time."""

from typing import Literal, TypeAlias

from msgspec import Struct

Verdict: TypeAlias = Literal["fine", "note", "wrong"]


class Finding(Struct, frozen=True):
    """Hold what one step found.

    Args:
        step: what was looked at, such as `clock`.
        verdict: whether it is fine, worth knowing, or keeps people out.
        words: what is so, and what to do about it.
    """

    step: str
    verdict: Verdict
    words: str


def fine(step: str, words: str) -> Finding:
    """Say that a step is as it should be."""
    return Finding(step, "fine", words)


def note(step: str, words: str) -> Finding:
    """Say what is worth knowing."""
    return Finding(step, "note", words)


def wrong(step: str, words: str) -> Finding:
    """Say what keeps people out."""
    return Finding(step, "wrong", words)
