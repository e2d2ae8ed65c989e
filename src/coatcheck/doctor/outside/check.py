"""One check: its code, the principle it stands under, and how much it matters; and how its outcomes are made."""

from typing import Final, Literal, TypeAlias

import msgspec

from coatcheck.doctor.finding import Finding, NotRun, Outcome, Passed

Severity: TypeAlias = Literal["high", "medium", "low"]
_LONGEST: Final = 120


class Check(msgspec.Struct, frozen=True):
    """Name one thing that is looked at; what passed or could not run has the code of what would have been found.

    Args:
        code: kebab-case and stable.
        principle: 1 to 8, of the guide's.
        severity: of its finding.
    """

    code: str
    principle: int
    severity: Severity

    def found(self, says: str, fix: str) -> Finding:
        """Say what is wrong and how to put it right."""
        return Finding(self.code, self.principle, self.severity, _sentence(says), fix)

    def passed(self, says: str) -> Passed:
        """Say what was looked at and is as it should be."""
        return Passed(self.code, self.principle, _sentence(says))

    def judged(self, wrong: str | None, *, fix: str, right: str) -> Outcome:
        """Say what is wrong, if anything is; else what is right.

        Args:
            wrong: the sentence of the finding, or None or empty where there is nothing to find.
            fix: what puts it right.
            right: the sentence of what passed.
        """
        return self.found(wrong, fix) if wrong else self.passed(right)

    def not_run(self, because: str) -> NotRun:
        """Say what it would need."""
        return NotRun(self.code, self.principle, because)


def shown(text: str) -> str:
    """Give what a server sent, short enough for a sentence, and without what could command a terminal."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"


def _sentence(words: str) -> str:
    """Write words as a sentence; what begins with an address or a name in code stays as it is."""
    first = words.split(" ", 1)[0]
    begun = words[:1].upper() + words[1:] if first.isalpha() else words
    return begun if begun.endswith(".") else f"{begun}."
