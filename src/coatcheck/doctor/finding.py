"""What one check of the doctor says: it found something, it passed, or it could not run."""

from typing import TypeAlias

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """Say what is wrong, and exactly what to do about it.

    Args:
        code: kebab-case and stable, such as `hsts-missing`.
        principle: 1 to 8, the guide's universal principle it stands under.
        severity: `high`, `medium` or `low`.
        says: one sentence: what is wrong, with the value seen.
        fix: the exact fix: the line for coatcheck.toml, the command, the line for the proxy.
    """

    code: str
    principle: int
    severity: str
    says: str
    fix: str


class Passed(msgspec.Struct, frozen=True):
    """Say what a check looked at that is as it should be."""

    code: str
    principle: int
    says: str


class NotRun(msgspec.Struct, frozen=True):
    """Say why a check could not run, and what it needs."""

    code: str
    principle: int
    because: str


Outcome: TypeAlias = Finding | Passed | NotRun
