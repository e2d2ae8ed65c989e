"""The default rules: every combination of methods is weighed, and each meets a need by the part that does it best."""

from collections.abc import Iterable
from itertools import combinations
from typing import Final

from coatcheck.advisor.advice import METHODS, Advice, Point, scores_of
from coatcheck.advisor.answers import Answers
from coatcheck.advisor.grounds import what_it_is, what_it_needs, who_calls
from coatcheck.advisor.oddities import oddities

NAME: Final = "default"
PART_COSTS: Final = 3
"""Points that each further part takes away: one more thing to build, to run and to attack."""

_GROUNDS: Final = (*what_it_is.GROUNDS, *who_calls.GROUNDS, *what_it_needs.GROUNDS)
_CHOICES: Final = tuple(parts for size in (1, 2, 3) for parts in combinations(METHODS, size))


def advise_by_default(answers: Answers) -> Advice:
    """Give the advice of the default rules: the combination with the most points; in a tie, that of fewer parts."""
    points = tuple(_points(answers))
    weighed = {"+".join(parts): _weight(parts, points) for parts in _CHOICES}
    most = max(weighed.values())
    recommendation, *tied = [name for name, weight in weighed.items() if weight == most]
    parts = tuple(recommendation.split("+"))
    return Advice(
        rules=NAME,
        recommendation=recommendation,
        scores=scores_of(points),
        reasoning=tuple(_sentence(each) for each in points if each.points > 0 and each.method in parts),
        answers=answers,
        points=points,
        contrary=tuple(each for each in points if _is_contrary(each, parts, points)),
        combinations=dict(sorted(weighed.items(), key=lambda each: -each[1])),
        tied=tuple(tied),
        notes=tuple(oddities(answers)),
    )


def _points(answers: Answers) -> Iterable[Point]:
    for each in _GROUNDS:
        if each.shows(answers):
            yield Point(
                fact=each.fact,
                need=each.need,
                method=each.method,
                points=each.points,
                because=each.because,
                source=each.source,
            )


def _weight(parts: tuple[str, ...], points: tuple[Point, ...]) -> int:
    """Add up what the best part does for each need; a need that no part is about counts nothing."""
    needs = dict.fromkeys(each.need for each in points)
    return sum(_met(need, parts, points) for need in needs) - PART_COSTS * (len(parts) - 1)


def _met(need: str, parts: tuple[str, ...], points: Iterable[Point]) -> int:
    of_part: dict[str, int] = {}
    for each in points:
        if each.need == need and each.method in parts:
            of_part[each.method] = of_part.get(each.method, 0) + each.points
    return max(of_part.values(), default=0)


def _is_contrary(point: Point, parts: tuple[str, ...], points: tuple[Point, ...]) -> bool:
    """Tell whether a point speaks for what is left out, or against a part that nothing makes up for."""
    if point.method not in parts:
        return point.points > 0
    others = [
        each for each in points if each.need == point.need and each.method in parts and each.method != point.method
    ]
    return point.points < 0 and not any(each.points > 0 for each in others)


def _sentence(point: Point) -> str:
    return f"{point.because} ({point.source})"
