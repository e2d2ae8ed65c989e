"""Verify the audit trail: find what somebody changed behind the sealer's back."""

from collections.abc import Iterable

from msgspec import Struct

from coatcheck.audit import records
from coatcheck.audit.chain import ANCHOR, HEAD, ChainKeys
from coatcheck.audit.checkpoint import Checkpoint
from coatcheck.audit.finding import Finding
from coatcheck.audit.walk import Walk
from coatcheck.desk import Desk

_PAGE = 500


class Verdict(Struct, frozen=True, kw_only=True):
    """Say how the audit trail stands.

    Args:
        sealed: rows in the chain that are there.
        unsealed: rows not sealed yet, which nothing protects so far.
        checked: checkpoints that could be compared; those from before the chain's start cannot.
        findings: what is wrong, by number; the first 500.
    """

    sealed: int
    unsealed: int
    checked: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


async def verify(desk: Desk, checkpoints: Iterable[Checkpoint] = ()) -> Verdict:
    """Check every sealed row, in one snapshot.

    Without checkpoints any edit, removal, insertion or reordering of them is found, as long as the master key is safe;
    not that the whole was put back to an earlier state. Checkpoints that were kept elsewhere show that too, and a chain
    rewritten by someone who has the key.

    Args:
        desk: whose trail.
        checkpoints: as `read_checkpoints` gives them.

    Raises:
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.4.2.
    """
    known = list(checkpoints)
    sealed = 0
    async with desk.database.snapshot() as db:
        anchor, head = await records.read_place(db, ANCHOR), await records.read_place(db, HEAD)
        walk = Walk(ChainKeys(desk.key_ring), head, anchor, frozenset(each.number for each in known))
        after = _BEFORE_ALL
        while page := await records.sealed_rows(db, after, _PAGE):
            for row, personal in page:
                walk.step(row, personal)
            sealed += len(page)
            after = page[-1][0].number or 0
        unsealed = await records.count_unsealed(db)
    comparable = [each for each in known if each.number >= walk.start and each.number > 0]
    findings = walk.finish() + _compare(comparable, walk)
    return Verdict(sealed=sealed, unsealed=unsealed, checked=len(comparable), findings=tuple(findings))


_BEFORE_ALL = -(2**62)


def _compare(checkpoints: list[Checkpoint], walk: Walk) -> list[Finding]:
    """Hold the chain against checkpoints; say of each kind of difference where it begins."""
    beyond = [each.number for each in checkpoints if each.number > walk.last]
    other = [
        each.number for each in checkpoints if each.number in walk.macs and walk.macs[each.number].hex() != each.mac
    ]
    found = []
    if beyond:
        says = f"The chain ends at number {walk.last}, but a checkpoint saw number {max(beyond)}."
        found.append(Finding("cut tail", walk.last + 1, None, says))
    if other:
        says = f"Row {min(other)} is not the one that a checkpoint saw: the chain was rewritten there or before."
        found.append(Finding("rewritten", min(other), None, says))
    return found
