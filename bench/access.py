"""What it costs to decide whether somebody may do something, with every rule it follows from."""

import time

from bench.table import Line
from bench.turns import in_turns
from coatcheck.access.assignment import Assignment
from coatcheck.access.decide import Roles, Subject, decide

ROLES = 40
HELD = 5
DEPTH = 8
TIMES = 20_000
_BOUND_US = 5.0
_NOW = 1_800_000_000_000


async def measure() -> list[Line]:
    """Measure decisions that are found by inheriting, and those that find nothing."""
    return [
        await _decision("allowed by inheriting", f"thing{DEPTH - 1}:use", allowed=True),
        await _decision("nothing allows it", "nothing:use", allowed=False),
    ]


async def _decision(which: str, permission: str, *, allowed: bool) -> Line:
    roles, subject = _roles(), _subject()
    if decide(roles, subject, permission, _NOW).allowed is not allowed:
        raise AssertionError("this measures another decision")

    async def ours() -> float:
        began = time.thread_time()
        for _ in range(TIMES):
            decide(roles, subject, permission, _NOW)
        return (time.thread_time() - began) / TIMES * 1e6

    took = await in_turns(7, {"ours": ours})
    what = f"Decision with its reasons, {HELD} of {ROLES} roles held, {which} : its bound"
    return Line(what=what, ours=took["ours"], other=_BOUND_US, unit="µs", bound="at most", target=1)


def _roles() -> Roles:
    """Make roles that inherit one another in rows of eight, each with ten permissions."""
    names = [f"role{number}" for number in range(ROLES)]
    allows = {
        name: [f"thing{number}:use", *(f"{name}:do{more}" for more in range(9))] for number, name in enumerate(names)
    }
    parents = {names[number]: frozenset({names[number + 1]}) for number in range(ROLES - 1) if (number + 1) % DEPTH}
    return Roles(allows, parents)


def _subject() -> Subject:
    held = (Assignment("acc_1", f"role{number * DEPTH}", _NOW, "operator", _NOW + number + 1) for number in range(HELD))
    scopes = frozenset(f"thing{number}:use" for number in range(ROLES))
    return Subject(tuple(held), scopes=scopes)
