"""The rule set `guide`: the guide's own example, and a golden table of every combination, reckoned in another way."""

import re
from typing import Any

from coatcheck.advisor.advise import advise
from coatcheck.advisor.answers import parse_answers
from tests.advisor.facts import EXAMPLE, all_sevens, facts

# The guide's function, as the sentences of its comments and statements, one a line, in their order.
GUIDE = """
session 3 where app_type is traditional_web
jwt 3 where app_type is spa or mobile
jwt 2 where scalability_needs is high
session -1 where scalability_needs is high
session 2 where security_level is high
jwt 1 where security_level is high
jwt 3 where cross_domain is True
session -2 where cross_domain is True
jwt 2 where mobile_support is True
session -1 where mobile_support is True
oauth 3 where third_party_integration is True
jwt 1 where third_party_integration is True
session 1 where real_time_features is True
"""
LINE = re.compile(r"(\w+) (-?\d) where (\w+) is (.+)")
REASONS = {
    "session": [
        "Server-side control for security",
        "Immediate revocation capability",
        "Simple implementation for traditional apps",
    ],
    "jwt": ["Stateless scalability", "Cross-domain support", "Mobile-friendly implementation"],
    "oauth": ["Third-party integration", "Delegated authorization", "Industry standard for external auth"],
}


def reckoned(answers: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """Reckon by the sentences: the scores, and the first of those with the most points."""
    scores = {"session": 0, "jwt": 0, "oauth": 0}
    for method, points, fact, said in LINE.findall(GUIDE):
        if str(answers[fact]) in said.split(" or "):
            scores[method] += int(points)
    ordered = sorted(scores, key=lambda method: (-scores[method], list(scores).index(method)))
    return ordered[0], scores


def test_the_guides_example() -> None:
    advice = advise(parse_answers(EXAMPLE), "guide")
    assert advice.scores == {"session": -4, "jwt": 11, "oauth": 3}
    assert advice.recommendation == "jwt"
    assert list(advice.reasoning) == REASONS["jwt"]


def test_every_combination() -> None:
    seen = 0
    for answers in all_sevens():
        advice = advise(parse_answers(answers), "guide")
        recommendation, scores = reckoned(answers)
        assert (advice.recommendation, advice.scores) == (recommendation, scores), answers
        assert list(advice.reasoning) == REASONS[recommendation]
        seen += 1
    assert seen == 5 * 3 * 3 * 16


def test_every_method_is_recommended_by_something() -> None:
    given = {advise(parse_answers(answers), "guide").recommendation for answers in all_sevens()}
    assert given == {"session", "jwt", "oauth"}


def test_a_tie_goes_to_the_first_and_is_said() -> None:
    advice = advise(facts(app_type="api"), "guide")
    assert (advice.recommendation, advice.tied) == ("session", ("jwt", "oauth"))
    assert advice.tie == (
        "A tie: jwt and oauth have as many points as session. In a tie the first of session, jwt, oauth is recommended."
    )
    jwt_and_oauth = advise(facts(app_type="spa", third_party_integration=True, real_time_features=True), "guide")
    assert (jwt_and_oauth.recommendation, jwt_and_oauth.tied, jwt_and_oauth.tie) == ("jwt", (), "")


def test_the_points_add_up_to_the_scores() -> None:
    for answers in all_sevens():
        advice = advise(parse_answers(answers), "guide")
        for method, score in advice.scores.items():
            assert sum(each.points for each in advice.points if each.method == method) == score


def test_further_facts_change_nothing() -> None:
    further = {"offline_use": True, "services": 40, "clients_run_by": "others", "regulation": "aal2"}
    assert advise(parse_answers({**EXAMPLE, **further}), "guide").scores == {"session": -4, "jwt": 11, "oauth": 3}


def test_what_speaks_against_it_is_told() -> None:
    told = {(each.method, each.points) for each in advise(parse_answers(EXAMPLE), "guide").contrary}
    assert told == {("oauth", 3)}
    website = advise(facts(scalability_needs="high"), "guide")
    assert {(each.method, each.points) for each in website.contrary} == {("session", -1), ("jwt", 2)}
