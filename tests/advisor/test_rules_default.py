"""The default rules: what an expert would sign, whatever the answers are; each point with its reason and source."""

from itertools import product
from typing import Any

import pytest

from coatcheck.advisor.advice import METHODS, Advice
from coatcheck.advisor.advise import advise, document_of
from coatcheck.advisor.answers import parse_answers
from coatcheck.advisor.rules_default import _GROUNDS
from tests.advisor.facts import EXAMPLE, all_sevens, facts

FURTHER: dict[str, tuple[Any, ...]] = {
    "offline_use": (False, True),
    "services": (1, 3),
    "clients_run_by": ("us", "machines", "others"),
    "revocation_bound": (1, 900),
    "regulation": ("none", "aal2"),
}


def all_advice() -> list[Advice]:
    """Give the advice for every combination of answers that makes a difference, but those with `medium`."""
    sevens = [seven for seven in all_sevens() if "medium" not in seven.values()]
    further = [dict(zip(FURTHER, each, strict=True)) for each in product(*FURTHER.values())]
    return [advise(parse_answers({**seven, **each})) for seven in sevens for each in further]


@pytest.fixture(scope="module")
def every() -> list[Advice]:
    return all_advice()


def test_every_combination_of_methods_is_recommended_by_something(every: list[Advice]) -> None:
    assert {advice.recommendation for advice in every} == {
        "session", "jwt", "oauth", "session+jwt", "session+oauth", "jwt+oauth", "session+jwt+oauth",
    }  # fmt: skip


def test_what_an_expert_would_insist_on(every: list[Advice]) -> None:
    """Each line is a rule without an exception; a change of one point must not break it."""
    for advice in every:
        one, parts = advice.answers, set(advice.parts)
        expected: dict[str, bool] = {
            "a phone keeps tokens": "jwt" in parts or not (one.mobile_support or one.app_type == "mobile"),
            "a cookie serves one host": "jwt" in parts or not one.cross_domain,
            "an app without the network renews by tokens": "jwt" in parts or not one.offline_use,
            "several services check tokens themselves": "jwt" in parts or one.services == 1,
            "others come by OAuth": "oauth" in parts or not (one.third_party_integration or one.clients_run_by != "us"),
            "services call each other by OAuth": "oauth" in parts or one.app_type != "microservices",
            "pages of one host have a cookie": "session" in parts or not one.has_browser,
            "a cookie is for browsers": "session" not in parts or one.has_browser,
            "no OAuth without others": "oauth" not in parts
            or one.third_party_integration
            or one.clients_run_by != "us"
            or one.app_type == "microservices",
            "pages of one host, and nothing else, need no token": "jwt" not in parts
            or one.app_type not in ("traditional_web", "spa")
            or one.services > 1
            or one.mobile_support
            or one.cross_domain
            or one.offline_use,
        }
        assert all(expected.values()), (advice.recommendation, one, [each for each in expected if not expected[each]])


@pytest.mark.parametrize(
    ("changed", "recommendation"),
    [
        ({}, "session"),
        ({"security_level": "high", "scalability_needs": "high", "revocation_bound": 1}, "session"),
        ({"app_type": "spa"}, "session"),
        ({"app_type": "spa", "cross_domain": True}, "jwt"),
        ({"app_type": "spa", "offline_use": True}, "jwt"),
        ({"app_type": "spa", "services": 4}, "session+jwt"),
        ({"app_type": "mobile"}, "jwt"),
        ({"app_type": "api"}, "jwt"),
        ({"app_type": "api", "clients_run_by": "machines"}, "oauth"),
        ({"app_type": "microservices"}, "session+jwt+oauth"),
        ({"app_type": "microservices", "clients_run_by": "machines"}, "jwt+oauth"),
        ({"mobile_support": True}, "session+jwt"),
        ({"third_party_integration": True}, "session+oauth"),
        ({"mobile_support": True, "third_party_integration": True}, "session+jwt+oauth"),
    ],
)
def test_known_cases(changed: dict[str, Any], recommendation: str) -> None:
    assert advise(facts(**changed)).recommendation == recommendation


def test_it_goes_further_than_the_guide_where_the_guide_errs() -> None:
    """The guide gives an app in the browser tokens, even beside its API; a cookie is what no script can carry away."""
    app = facts(app_type="spa")
    assert (advise(app, "guide").recommendation, advise(app).recommendation) == ("jwt", "session")
    assert any(each.method == "jwt" for each in advise(app).contrary), "what speaks for the other is not kept back"
    assert advise(parse_answers(EXAMPLE)).recommendation == "jwt+oauth"


def test_each_point_has_its_reason_and_its_source() -> None:
    for each in _GROUNDS:
        assert each.because.endswith("."), each
        assert each.points != 0
        assert each.method in METHODS
        assert any(name in each.source for name in ("RFC", "NIST", "OWASP", "IETF", "OpenID")), each.source


def test_a_tie_is_said_and_goes_to_fewer_parts(every: list[Advice]) -> None:
    tied = [advice for advice in every if advice.tied]
    assert tied
    for advice in tied:
        assert all(other.count("+") >= advice.recommendation.count("+") for other in advice.tied)
        assert advice.tie.startswith("A tie: ")


def test_scores_are_the_sums_of_points(every: list[Advice]) -> None:
    for advice in every[::97]:
        for method, score in advice.scores.items():
            assert sum(each.points for each in advice.points if each.method == method) == score
        assert advice.combinations[advice.recommendation] == max(advice.combinations.values())
        assert all(each in advice.points for each in advice.contrary)


def test_reasons_are_of_what_is_recommended(every: list[Advice]) -> None:
    for advice in every[::97]:
        reasons = {f"{each.because} ({each.source})" for each in advice.points if each.method in advice.parts}
        assert advice.reasoning
        assert set(advice.reasoning) <= reasons


def test_what_is_odd_is_said() -> None:
    def notes(**changed: object) -> str:
        return " ".join(advise(facts(**changed)).notes)

    assert "contradict each other" in notes(app_type="microservices", services=1)
    assert "one host" in notes(cross_domain=True)
    assert "/oauth/authorize" in notes(clients_run_by="others")
    assert "within 7 seconds" in notes(services=3, revocation_bound=2)
    assert "a day at most" in notes(offline_use=True, regulation="aal2")
    assert notes() == ""


def test_microservices_are_several_where_nobody_counted() -> None:
    answers = facts(app_type="microservices")
    assert (answers.services, "services" in answers.assumed) == (3, True)


def test_each_recommendation_has_a_plan_and_threats(every: list[Advice]) -> None:
    for advice in every[::311]:
        told = document_of(advice)
        parts = {each["part"] for each in told["plan"]}
        assert set(advice.parts) <= parts, (advice.recommendation, advice.answers, parts)
        assert len(told["threats"]) >= 4
