"""What roles reach by inheriting others: pure, from what each of them inherits itself."""

from collections.abc import Mapping
from typing import TypeAlias

Parents: TypeAlias = Mapping[str, frozenset[str]]
"""The roles that each role inherits itself; one that inherits none may be left out."""

Path: TypeAlias = tuple[str, ...]
"""Roles, each of which inherits the next."""


def paths_from(parents: Parents, role: str) -> dict[str, Path]:
    """Give every role that a role reaches, itself too, each with a shortest path to it."""
    paths: dict[str, Path] = {role: (role,)}
    ends = [role]
    for at in ends:  # it grows meanwhile: nearest first
        for parent in sorted(parents.get(at, ())):
            if parent not in paths:
                paths[parent] = (*paths[at], parent)
                ends.append(parent)
    return paths


def path_between(parents: Parents, role: str, other: str) -> Path | None:
    """Give a shortest path by which a role inherits another, or None where it does not."""
    return paths_from(parents, role).get(other)
