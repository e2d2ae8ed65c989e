"""What an import came to: counted, with the rows that cannot come. It never holds a secret."""

from collections import Counter
from typing import Any, Final

from msgspec import Struct, field

from coatcheck.importing.account import BadRow
from coatcheck.importing.arriving import NOTES, Arriving

_SHOWN: Final = 1000


class Report(Struct, kw_only=True):
    """Count what an import came to, or would.

    Args:
        source: what the source is called here.
        is_dry: whether nothing was kept.
        rows: how many were read.
        came: how many came over, or would.
        here: how many had come over already.
        collided: how many have an address or a name that somebody else has here.
        bad: how many cannot come.
        listed: the first of those that cannot come.
        labels: how many passwords there are of each scheme and cost.
        notes: how many things do not come as they were.
    """

    source: str
    is_dry: bool
    rows: int = 0
    came: int = 0
    here: int = 0
    collided: int = 0
    bad: int = 0
    listed: list[BadRow] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def is_whole(self) -> bool:
        """Whether every row came over."""
        return not (self.bad or self.collided)

    def take(self, arrived: Arriving) -> None:
        """Count an account that came over, or would."""
        self.came += 1
        if arrived.hash is not None:
            self.labels[arrived.label] += 1
        self.notes.update(arrived.notes)

    def refuse(self, row: BadRow, *, collided: bool = False) -> None:
        """Count a row that cannot come."""
        self.collided += collided
        self.bad += not collided
        if len(self.listed) < _SHOWN:
            self.listed.append(row)

    def said_notes(self) -> list[tuple[int, str]]:
        """Give the notes as sentences, each with how often it is so."""
        return [(count, NOTES[kind].format(what=what)) for (kind, what), count in self.notes.most_common()]

    def facts(self) -> dict[str, Any]:
        """Give all of it for programs."""
        counted = {name: getattr(self, name) for name in ("rows", "came", "here", "collided", "bad")}
        return {
            "source": self.source,
            "is_dry": self.is_dry,
            **counted,
            "passwords": dict(self.labels),
            "notes": [{"says": says, "count": count} for count, says in self.said_notes()],
            "cannot_come": [{"where": each.where, "because": each.because} for each in self.listed],
        }
