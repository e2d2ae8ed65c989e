"""Tell apart what was done to rows whose links do not hold: edited, put in another place, or pushed in."""

from msgspec import Struct

from coatcheck.audit.chain import ChainKeys
from coatcheck.audit.finding import Finding
from coatcheck.audit.row import Row

_MOST_COMPARED = 24


class Broken(Struct, frozen=True):
    """Carry a row whose link does not hold, and the MAC that stands before it."""

    previous: bytes
    row: Row
    number: int


def blame(broken: list[Broken], keys: ChainKeys) -> list[Finding]:
    """Say of each broken row what was done to it.

    Only the first few are compared with one another, as that takes a MAC for each two; the others count as edited.
    """
    compared, others = broken[:_MOST_COMPARED], broken[_MOST_COMPARED:]
    macs = {each.previous for each in compared} | {each.row.mac for each in compared if each.row.mac}
    homes = {each.number: _home(each, compared, macs, keys) for each in compared}
    found = [_finding(each, homes) for each in compared if homes[each.number] != each.number]
    found += [_edited(each) for each in others]
    return found or [_edited(each) for each in broken[:1]]


def _home(each: Broken, compared: list[Broken], macs: set[bytes], keys: ChainKeys) -> int | None:
    """Give the number under which a row was sealed: its own if only its neighbour was changed, None if none fits."""
    numbers = [each.number] + [other.number for other in compared if other is not each]
    for number in numbers:
        if any(_fits(each, number, previous, macs, keys) for previous in macs):
            return number
    return None


def _fits(each: Broken, number: int, previous: bytes, macs: set[bytes], keys: ChainKeys) -> bool:
    links = keys.links(previous, each.row, number)
    return each.row.mac in links if number == each.number else not links.isdisjoint(macs)


def _finding(each: Broken, homes: dict[int, int | None]) -> Finding:
    home, number, row = homes[each.number], each.number, each.row.id
    if home is not None:
        return Finding("reordered", number, row, f"The row under number {number} was sealed under number {home}.")
    if homes.get(number + 1) == number:
        return Finding(
            "inserted", number, row, f"The row under number {number} was pushed in: what was sealed there moved on."
        )
    return _edited(each)


def _edited(each: Broken) -> Finding:
    says = f"The row under number {each.number} is not what was sealed there."
    return Finding("edited", each.number, each.row.id, says)
