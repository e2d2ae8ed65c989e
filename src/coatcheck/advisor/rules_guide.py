"""The rule set `guide`: the source guide's decision matrix, to the letter, with its reasons and its order in a tie."""

from collections.abc import Iterator
from typing import Final

from coatcheck.advisor.advice import METHODS, Advice, Point, scores_of
from coatcheck.advisor.answers import Answers

NAME: Final = "guide"
_SOURCE: Final = "the guide, Decision Matrix"
_REASONS: Final = {
    "session": (
        "Server-side control for security",
        "Immediate revocation capability",
        "Simple implementation for traditional apps",
    ),
    "jwt": ("Stateless scalability", "Cross-domain support", "Mobile-friendly implementation"),
    "oauth": ("Third-party integration", "Delegated authorization", "Industry standard for external auth"),
}
# For each fact and answer: the points of session, jwt and oauth.
_TABLE: Final = {
    ("app_type", "traditional_web"): (3, 0, 0),
    ("app_type", "spa"): (0, 3, 0),
    ("app_type", "mobile"): (0, 3, 0),
    ("scalability_needs", "high"): (-1, 2, 0),
    ("security_level", "high"): (2, 1, 0),
    ("cross_domain", True): (-2, 3, 0),
    ("mobile_support", True): (-1, 2, 0),
    ("third_party_integration", True): (0, 1, 3),
    ("real_time_features", True): (1, 0, 0),
}
_WORDS: Final = {
    "app_type": "App type considerations",
    "scalability_needs": "Scalability needs",
    "security_level": "Security requirements",
    "cross_domain": "Cross-domain requirements",
    "mobile_support": "Mobile support",
    "third_party_integration": "Third-party integration",
    "real_time_features": "Real-time features",
}


def advise_by_guide(answers: Answers) -> Advice:
    """Give the guide's advice: the method with the most points, and in a tie the first of session, jwt, oauth."""
    points = tuple(_points(answers))
    scores = scores_of(points)
    most = max(scores.values())
    recommendation, *tied = [method for method in METHODS if scores[method] == most]
    return Advice(
        rules=NAME,
        recommendation=recommendation,
        scores=scores,
        reasoning=_REASONS[recommendation],
        answers=answers,
        points=points,
        contrary=tuple(each for each in points if (each.points < 0) is (each.method == recommendation)),
        combinations=dict(sorted(scores.items(), key=lambda each: -each[1])),
        tied=tuple(tied),
    )


def _points(answers: Answers) -> Iterator[Point]:
    for (fact, answer), row in _TABLE.items():
        if getattr(answers, fact) == answer:
            for method, points in zip(METHODS, row, strict=True):
                if points:
                    yield Point(fact=fact, need=_WORDS[fact], method=method, points=points, because="", source=_SOURCE)
