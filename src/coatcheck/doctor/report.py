"""What the doctor found, as a whole: its outcomes in the order of the guide's eight principles."""

from typing import Any, Final

import msgspec

from coatcheck.clock import Instant, rfc3339
from coatcheck.doctor.finding import Finding, NotRun, Outcome, Passed
from coatcheck.doctor.principles import PRINCIPLES

SEVERITIES: Final = ("high", "medium", "low")
_KINDS: Final = {Finding: "finding", Passed: "passed", NotRun: "not_run"}


class Report(msgspec.Struct, frozen=True):
    """Hold the outcomes of one examination.

    Args:
        target: what was examined: a settings file, or an address.
        at: when.
        outcomes: one or more of each check, in any order.
    """

    target: str
    at: Instant
    outcomes: tuple[Outcome, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, in the order of the sections, the worst of each first."""
        return tuple(each for number in range(1, len(PRINCIPLES) + 1) for each in self._found(number))

    def of(self, principle: int) -> tuple[Outcome, ...]:
        """Give a section: what is wrong, the worst first; then what passed; then what could not be looked at.

        Args:
            principle: 1 to 8.
        """
        rest = [each for each in self.outcomes if each.principle == principle and not isinstance(each, Finding)]
        return (*self._found(principle), *sorted(rest, key=lambda each: isinstance(each, NotRun)))

    def _found(self, principle: int) -> list[Finding]:
        found = [each for each in self.outcomes if isinstance(each, Finding) and each.principle == principle]
        return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


def report_words(report: Report) -> dict[str, Any]:
    """Give a report for programs: the eight sections by their names, each outcome with its `kind`."""
    sections = [
        {"principle": number, "name": name, "outcomes": [_words_of(each) for each in report.of(number)]}
        for number, name in enumerate(PRINCIPLES, 1)
    ]
    ok = not report.findings
    return {"target": report.target, "at": rfc3339(report.at), "ok": ok, "sections": sections}


def _words_of(outcome: Outcome) -> dict[str, Any]:
    words = msgspec.structs.asdict(outcome)
    del words["principle"]  # its section says it
    return {"kind": _KINDS[type(outcome)], **words}
