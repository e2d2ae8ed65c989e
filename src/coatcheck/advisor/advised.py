"""One setting that an advice asks for: what to write, why, and what would do as well."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple


class Advised(NamedTuple):
    """Hold a setting that an advice asks for.

    Args:
        section: of the settings.
        name: within the section.
        writes: the value as TOML; empty where only its owner knows it.
        because: why, in a sentence.
        fits: tells whether what is set does what was advised.
        wants: what is asked for, as the end of a sentence.
        when_live: it matters once people reach the site; until then it is something to do, not something wrong.
        example: what it would look like, where it cannot be written.
    """

    section: str
    name: str
    writes: str
    because: str
    fits: Callable[[object], bool]
    wants: str
    when_live: bool = False
    example: str = ""

    @property
    def full_name(self) -> str:
        """Section and name, as messages say it."""
        return f"{self.section}.{self.name}" if self.name else self.section


def is_one_of(*values: object) -> Callable[[object], bool]:
    """Fit each of these values."""
    return lambda found: found in values


def is_at_most(most: timedelta) -> Callable[[object], bool]:
    """Fit a duration up to this one."""
    return lambda found: isinstance(found, timedelta) and found <= most


def is_at_least(least: timedelta) -> Callable[[object], bool]:
    """Fit a duration from this one on."""
    return lambda found: isinstance(found, timedelta) and found >= least


def has(line: str) -> Callable[[object], bool]:
    """Fit a list with this line in it, however it is spaced."""
    return lambda found: (
        isinstance(found, tuple) and line.replace(" ", "") in [str(each).replace(" ", "") for each in found]
    )


def is_set(found: object) -> bool:
    """Fit whatever is set at all."""
    return bool(found)


def is_empty(found: object) -> bool:
    """Fit what is not set."""
    return not found
