"""Walk along the chain, row by row, and note where it does not hold."""

from coatcheck.audit.blame import Broken, blame
from coatcheck.audit.chain import ANCHOR, GENESIS, HEAD, ChainKeys, Place
from coatcheck.audit.finding import Finding, Kind
from coatcheck.audit.row import Personal, Row
from coatcheck.secret import same

_MOST_FINDINGS = 500


class Walk:
    """Check sealed rows that are handed over in the order of their numbers.

    Each link is judged from the MAC that *stands* before it, so one change is found once and not in every row after it.

    Args:
        keys: checks links.
        head: the head as it stands, or None.
        anchor: the anchor as it stands, or None when nothing was cut.
        wanted: the numbers whose MACs to remember, for checkpoints.
    """

    def __init__(self, keys: ChainKeys, head: Place | None, anchor: Place | None, wanted: frozenset[int]) -> None:
        self._keys = keys
        self._head = head
        self._wanted = wanted
        self._broken: list[Broken] = []
        self._previous: bytes | None = anchor.mac if anchor else GENESIS
        self.start = anchor.number if anchor else 0
        self.last = self.start
        self.macs: dict[int, bytes] = {self.start: self._previous} if anchor else {}
        self.found: list[Finding] = []
        if anchor is not None and not keys.trusts(anchor):
            self._note("head", anchor.number, None, f"The {ANCHOR}, number {anchor.number}, was not set by a sealer.")

    def step(self, row: Row, personal: Personal | None) -> None:
        """Check one row: its place, its link, and what stands beside it."""
        number = row.number or 0
        if number <= self.start:
            self._note("inserted", number, row.id, f"The row under number {number} stands before the chain's start.")
            return
        if number > self.last + 1:
            self._missing(number)
        self._check_link(row, number)
        self._check_personal(row, number, personal)
        self.last, self._previous = number, row.mac
        if number in self._wanted and row.mac is not None:
            self.macs[number] = row.mac

    def finish(self) -> list[Finding]:
        """Check the end of the chain; give all that was found, by number."""
        self._check_head()
        if self._broken:
            self.found += blame(self._broken, self._keys)
        return sorted(self.found, key=lambda each: each.number)[:_MOST_FINDINGS]

    def _missing(self, number: int) -> None:
        first, last = self.last + 1, number - 1
        rows = f"Row {first} is" if first == last else f"Rows {first} to {last} are"
        self._note("removed", first, None, f"{rows} missing, so the link of row {number} cannot be checked.")
        self._previous = None

    def _check_link(self, row: Row, number: int) -> None:
        if self._head is not None and number > self._head.number:
            self._note("inserted", number, row.id, f"The row under number {number} stands past the chain's head.")
        elif self._previous is None or self._keys.follows(self._previous, row):
            return
        elif len(self._broken) < _MOST_FINDINGS:
            self._broken.append(Broken(self._previous, row, number))

    def _check_personal(self, row: Row, number: int, personal: Personal | None) -> None:
        if personal is not None and not same(personal.digest(), row.personal or b""):
            says = f"Address, agent or email beside row {number} are not those that were sealed."
            self._note("edited", number, row.id, says)

    def _check_head(self) -> None:
        head = self._head
        if head is None:
            if self.last:
                self._note("head", self.last, None, f"The {HEAD} of the chain is missing.")
            return
        if not self._keys.trusts(head):
            self._note("head", head.number, None, f"The {HEAD}, number {head.number}, was not set by a sealer.")
        if self.last < head.number:
            says = f"The chain ends at number {self.last}, but was sealed up to {head.number}."
            self._note("cut tail", self.last + 1, None, says)
        elif self.last == head.number and self._previous is not None and not same(self._previous, head.mac):
            self._note("head", head.number, None, f"The last row's MAC, number {head.number}, is not the {HEAD}'s.")

    def _note(self, kind: Kind, number: int, row: int | None, says: str) -> None:
        if len(self.found) < _MOST_FINDINGS:
            self.found.append(Finding(kind, number, row, says))
