"""The lines of the table: what was measured, against what, and whether the ratio is what was promised."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

HEADER = "| what | ours | compared with | ratio | target | met |\n| --- | ---: | ---: | ---: | ---: | --- |"


@dataclass(frozen=True, kw_only=True)
class Line:
    """Hold one line.

    Args:
        what: what was measured, and against what.
        ours: our median.
        other: the median it is compared with.
        unit: of both.
        bound: what the ratio, ours to the other, must keep to.
    """

    what: str
    ours: float
    other: float
    unit: str
    bound: Literal["at most", "at least"]
    target: float

    @property
    def ratio(self) -> float:
        """Ours, divided by what it is compared with."""
        return self.ours / self.other

    @property
    def is_met(self) -> bool:
        """Whether the ratio keeps to its target."""
        return self.ratio <= self.target if self.bound == "at most" else self.ratio >= self.target

    def as_markdown(self) -> str:
        """Write the line as a row of a Markdown table."""
        numbers = f"{_short(self.ours)} {self.unit} | {_short(self.other)} {self.unit} | {self.ratio:.2f}"
        return f"| {self.what} | {numbers} | {self.bound} {self.target:g} | {'yes' if self.is_met else '**no**'} |"


def table_of(lines: Iterable[Line]) -> str:
    """Write lines as a Markdown table."""
    return "\n".join([HEADER, *(line.as_markdown() for line in lines)])


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
