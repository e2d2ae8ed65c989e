"""How far an import is: told to whoever watches, and the rows that cannot come as soon as they are met."""

from typing import Protocol

from coatcheck.importing.account import BadRow
from coatcheck.importing.report import Report


class Watch(Protocol):
    """Hear of an import while it runs."""

    def begun(self, total: int | None) -> None:
        """Hear how many rows there are, where the source knows."""
        ...

    def moved(self, report: Report) -> None:
        """Hear what it has come to so far; what is counted is kept."""
        ...

    def refused(self, row: BadRow) -> None:
        """Hear of a row that cannot come."""
        ...


class Unwatched:
    """Hear nothing."""

    def begun(self, total: int | None) -> None:
        """Do nothing."""

    def moved(self, report: Report) -> None:
        """Do nothing."""

    def refused(self, row: BadRow) -> None:
        """Do nothing."""
