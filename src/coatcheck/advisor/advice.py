"""What the advisor says: points for and against each method, what follows from them, and how the rules came to it."""

from typing import Final

import msgspec

from coatcheck.advisor.answers import Answers

METHODS: Final = ("session", "jwt", "oauth")
"""In the order in which a tie is decided."""

MEANINGS: Final = {
    "session": "a session cookie",
    "jwt": "signed access tokens",
    "oauth": "OAuth 2.0 with others",
}


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what one fact says about one method.

    Args:
        fact: the question whose answer says it.
        need: what is needed, in a few words.
        method: one of METHODS.
        points: how much it speaks for the method; below 0, against it.
        because: the reason, as a sentence.
        source: where that is written down.
    """

    fact: str
    need: str
    method: str
    points: int
    because: str
    source: str


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an advice.

    Args:
        rules: the rule set that gave it.
        recommendation: a method, or several that work together, such as `session+jwt`.
        scores: the points of each method.
        reasoning: why, as sentences.
        answers: what it rests on.
        points: every point of the scores.
        contrary: what speaks against it.
        combinations: the points of each choice that was weighed, the best one first.
        tied: the other choices that have as many.
        notes: what is odd about these answers, or what Coatcheck cannot do for them yet.
    """

    rules: str
    recommendation: str
    scores: dict[str, int]
    reasoning: tuple[str, ...]
    answers: Answers
    points: tuple[Point, ...] = ()
    contrary: tuple[Point, ...] = ()
    combinations: dict[str, int] = {}
    tied: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The methods of the recommendation."""
        return tuple(self.recommendation.split("+"))

    @property
    def tie(self) -> str:
        """The sentence about a tie; empty where there is none."""
        if not self.tied:
            return ""
        others = " and ".join(self.tied)
        have = "has" if len(self.tied) == 1 else "have"
        rule = "the first of session, jwt, oauth" if self.rules == "guide" else "what has fewer parts"
        return f"A tie: {others} {have} as many points as {self.recommendation}. In a tie {rule} is recommended."


def scores_of(points: tuple[Point, ...]) -> dict[str, int]:
    """Add up the points of each method."""
    return {method: sum(each.points for each in points if each.method == method) for method in METHODS}
