"""The decision: may somebody do something, and by which rules. It reads nothing and does nothing; it denies by default.

A sign-in, a token and a fill of the cache read the same from the database, by one join; a test holds the two together.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from coatcheck.access.assignment import Assignment
from coatcheck.access.inheritance import Parents, Path, paths_from
from coatcheck.clock import Instant

Kind: TypeAlias = Literal["allows", "ran_out", "out_of_scope", "not_active", "nothing_allows"]
"""A role that is held allows it; one that has run out would; the credential may not use it; the account is locked or
closed; or, the default, no role that is held allows it."""


class Rule(Struct, frozen=True, gc=False):
    """Hold one rule that speaks for or against.

    Args:
        path: from the role that was given to the one that allows it itself, each inheriting the next.
        assignment: who gave it, when, and until when.
    """

    kind: Kind
    path: Path = ()
    assignment: Assignment | None = None


class Decision(Struct, frozen=True, gc=False):
    """Hold what was decided and every rule that it follows from; none of them is missing, whichever way it went."""

    allowed: bool
    because: tuple[Rule, ...]


class Subject(Struct, frozen=True, gc=False):
    """Hold whom it is decided of.

    Args:
        assignments: the roles that were given to it.
        is_active: whether its account is neither locked nor closed.
        scopes: the part of its permissions that its credential may use; None: all.
    """

    assignments: tuple[Assignment, ...]
    is_active: bool = True
    scopes: frozenset[str] | None = None


class Roles:
    """Hold what every role allows, itself and by inheriting, each with the ways to it; worked out once.

    Args:
        permissions: what each role allows itself.
        parents: what each role inherits itself.
    """

    def __init__(self, permissions: Mapping[str, Iterable[str]], parents: Parents) -> None:
        self.ways = {role: _ways(permissions, parents, role) for role in permissions}
        """By role and what it allows: the ways to it, nearest first."""

    def allowing(self, permission: str) -> list[str]:
        """List the roles that allow something, themselves or by inheriting."""
        return sorted(role for role, ways in self.ways.items() if permission in ways)


def decide(roles: Roles, subject: Subject, permission: str, now: Instant) -> Decision:
    """Decide whether somebody may do something.

    See: NIST SP 800-162 section 2 (a decision from attributes alone); ASVS 8.2.1, 8.3.1.
    """
    because: list[Rule] = []
    known = roles.ways
    is_held = is_barred = False
    for assignment in subject.assignments:
        ways = known.get(assignment.role, _NOTHING).get(permission)
        if ways is not None:
            counts = assignment.counts_at(now)
            is_held = is_held or counts
            because += [Rule("allows" if counts else "ran_out", way, assignment) for way in ways]
    if not is_held:
        because.append(Rule("nothing_allows"))
    if subject.scopes is not None and permission not in subject.scopes:
        is_barred = True
        because.append(Rule("out_of_scope"))
    if not subject.is_active:
        is_barred = True
        because.append(Rule("not_active"))
    return Decision(is_held and not is_barred, tuple(because))


def _ways(permissions: Mapping[str, Iterable[str]], parents: Parents, role: str) -> dict[str, tuple[Path, ...]]:
    ways: dict[str, tuple[Path, ...]] = {}
    for reached, path in paths_from(parents, role).items():
        for permission in permissions.get(reached, ()):
            ways[permission] = (*ways.get(permission, ()), path)
    return ways


_NOTHING: Mapping[str, tuple[Path, ...]] = {}
