"""Answers are read once: from texts or values, and what is wrong is a sentence that names the field and the choices."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coatcheck.advisor.answers import as_texts, check_answers, parse_answers, read_answers
from coatcheck.advisor.questions import BY_NAME, GUIDES_OWN, QUESTIONS
from coatcheck.errors import BadInput
from tests.advisor.facts import EXAMPLE, PLAIN, facts


def refused(given: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(BadInput) as told:
        parse_answers(given)
    return told.value.fields


def test_texts_and_values_are_the_same() -> None:
    texts = {name: str(value).lower() for name, value in EXAMPLE.items()}
    assert parse_answers(texts) == parse_answers(EXAMPLE)
    assert parse_answers({**EXAMPLE, "services": "7"}).services == 7
    assert parse_answers({**EXAMPLE, "cross_domain": "No"}).cross_domain is False


def test_what_is_written_is_read_again() -> None:
    answers = facts(offline_use=True, services=9, regulation="aal2")
    assert parse_answers(as_texts(answers)).facts == answers.facts


def test_what_nobody_said_is_assumed_and_named() -> None:
    assert parse_answers(EXAMPLE).assumed == tuple(each.name for each in QUESTIONS if each.is_further)
    assert facts(services=1).assumed == ("offline_use", "clients_run_by", "revocation_bound", "regulation")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
@pytest.mark.parametrize("wrong", ["other", "", None, 7.5, [], {}, -1, True, "true ish", "１"])
def test_each_bad_answer_is_named_with_its_choices(question: Any, wrong: object) -> None:
    if question.is_yes_or_no and wrong is True:
        return
    sentence = refused({**PLAIN, question.name: wrong})[question.name]
    assert sentence.startswith(f"{question.name} must be ")
    choices = (str(question.least), str(question.most)) if question.is_number else question.values
    assert all(choice in sentence for choice in choices), sentence


def test_each_of_the_seven_is_asked_for() -> None:
    assert set(refused({})) == {each.name for each in GUIDES_OWN}
    assert refused({})["cross_domain"] == "cross_domain is missing: it must be true or false."


@pytest.mark.parametrize(
    ("name", "near"), [("appType", "app_type"), ("cross-domain", "cross_domain"), ("service", "services")]
)
def test_a_name_that_is_nearly_right(name: str, near: str) -> None:
    assert refused({**EXAMPLE, name: "x"})[name] == f"{name} is none of the questions: did you mean {near}?"


def test_a_strangers_name_for_nothing() -> None:
    told = refused({**EXAMPLE, "zz\x1b[31m" + "y" * 90: "x"})
    [sentence] = told.values()
    assert sentence.startswith("zz?[31myyy")
    assert all(name in sentence for name in BY_NAME)
    assert "\x1b" not in sentence


def test_what_is_known_is_checked_before_the_rest_is_asked() -> None:
    check_answers({"app_type": "spa"})
    with pytest.raises(BadInput):
        check_answers({"app_type": "website"})


@pytest.mark.parametrize(
    ("text", "is_toml"), [("{", False), ("app_type = spa", True), ("[" * 100_000, False), ("7", False)]
)
def test_files_that_are_none(text: str, is_toml: bool) -> None:
    with pytest.raises(BadInput) as told:
        read_answers(text, is_toml=is_toml)
    assert told.value.fields["answers"].startswith("The answers ")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*BY_NAME, "x"]),
        st.none() | st.booleans() | st.integers() | st.text("spatrue10 -\0é", max_size=12),
    )
)
def test_whatever_comes_is_answers_or_sentences(drawn: dict[str, Any]) -> None:
    try:
        parse_answers(drawn)
    except BadInput as problem:
        sentences = list(problem.fields.values())
    else:
        sentences = ["It is known.", *(BY_NAME[name].asks for name in drawn)]
    assert sentences
    assert all(sentence.endswith((".", "?")) for sentence in sentences)
