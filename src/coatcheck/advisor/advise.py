"""Advise: answers and the name of a rule set in, an advice out, and the advice as the JSON that programs get."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from coatcheck.advisor import rules_default, rules_guide
from coatcheck.advisor.advice import Advice, Point
from coatcheck.advisor.answers import Answers
from coatcheck.advisor.plan import plan_of
from coatcheck.advisor.threats import threats_of
from coatcheck.errors import BadInput

RULES: Final[Mapping[str, Callable[[Answers], Advice]]] = {
    rules_default.NAME: rules_default.advise_by_default,
    rules_guide.NAME: rules_guide.advise_by_guide,
}


def advise(answers: Answers, rules: str = rules_default.NAME) -> Advice:
    """Give the advice of a rule set.

    Raises:
        BadInput: there is no such rule set.
    """
    if rules not in RULES:
        raise BadInput({"rules": f"rules must be one of {', '.join(RULES)}."}, because="no such rule set")
    return RULES[rules](answers)


def document_of(advice: Advice) -> dict[str, Any]:
    """Give an advice as JSON: what the guide's own function answers first, then what goes further."""
    return {
        "recommendation": advice.recommendation,
        "scores": advice.scores,
        "reasoning": list(advice.reasoning),
        "rules": advice.rules,
        "answers": advice.answers.facts,
        "assumed": list(advice.answers.assumed),
        "points": [_document_of(each) for each in advice.points],
        "contrary": [_document_of(each) for each in advice.contrary],
        "combinations": advice.combinations,
        "tied": list(advice.tied),
        "notes": list(advice.notes),
        "plan": [{"part": each.part, "says": each.says, "see": each.see} for each in plan_of(advice)],
        "threats": [
            {"title": each.title, "happens": each.happens, "done": each.done, "yours": each.yours}
            for each in threats_of(advice)
        ],
    }


def _document_of(point: Point) -> dict[str, Any]:
    return {
        "fact": point.fact,
        "need": point.need,
        "method": point.method,
        "points": point.points,
        "because": point.because,
        "source": point.source,
    }
