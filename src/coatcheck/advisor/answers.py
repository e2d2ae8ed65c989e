"""The facts that advice rests on, parsed once: from flags, a JSON or TOML file, a form or an address."""

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, Literal, TypeAlias

import msgspec

from coatcheck.advisor.questions import BY_NAME, GUIDES_OWN, QUESTIONS, Question
from coatcheck.errors import BadInput

AppType: TypeAlias = Literal["traditional_web", "spa", "mobile", "api", "microservices"]
Amount: TypeAlias = Literal["low", "medium", "high"]

_TEXTS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_MOST_NAMED: Final = len(BY_NAME)
"""So many that are unknown are named: a stranger may have sent thousands."""

_MANY: Final = 3
"""How many services several are, where nobody said."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the facts of one project: the guide's seven, and five that may be left out.

    Args:
        services: how many services check who somebody is.
        clients_run_by: who runs what calls it, besides people in a browser.
        revocation_bound: seconds within which an ended session must be refused everywhere.
        regulation: the proof that laws or contracts ask for.
        assumed: the names of those that nobody answered.
    """

    app_type: AppType
    scalability_needs: Amount
    security_level: Amount
    cross_domain: bool
    mobile_support: bool
    real_time_features: bool
    third_party_integration: bool
    offline_use: bool = False
    services: int = 1
    clients_run_by: Literal["us", "machines", "others"] = "us"
    revocation_bound: int = 60
    regulation: Literal["none", "aal2", "phishing_resistant"] = "none"
    assumed: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """Every fact by its name, in the order of the questions."""
        return {each.name: getattr(self, each.name) for each in QUESTIONS}

    @property
    def has_browser(self) -> bool:
        """Whether browsers come to it on a host of its own, with nothing but a cookie to keep."""
        if self.app_type == "spa":
            return not self.cross_domain and not self.offline_use
        return self.app_type == "traditional_web" or (self.app_type == "microservices" and self.clients_run_by == "us")


def parse_answers(given: Mapping[str, object]) -> Answers:
    """Read the facts, each as a text or as the value itself.

    Raises:
        BadInput: one is missing, unknown or none of the choices; each with a sentence that names it and them.
    """
    facts, problems = _read(given)
    problems |= {each.name: each.missing for each in GUIDES_OWN if each.name not in given}
    if problems:
        raise BadInput(problems, because="the answers do not fit")
    return _with_assumptions(facts)


def check_answers(given: Mapping[str, object]) -> None:
    """Refuse facts that are wrong, before those are asked for that are missing.

    Raises:
        BadInput: one is unknown or none of the choices; each with a sentence that names it and them.
    """
    _, problems = _read(given)
    if problems:
        raise BadInput(problems, because="the answers do not fit")


def read_answers(text: str, *, is_toml: bool) -> dict[str, object]:
    """Read a file of answers: a JSON object, or TOML with the same names.

    Raises:
        BadInput: it is neither, or no table of answers.
    """
    try:
        found = tomllib.loads(text) if is_toml else json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "TOML" if is_toml else "JSON"
        raise BadInput({"answers": f"The answers are no {kind}: {_first_line(error)}."}) from None
    if not isinstance(found, dict):
        raise BadInput({"answers": 'The answers must be an object, such as {"app_type": "spa"}.'})
    return found


def as_texts(answers: Answers) -> dict[str, str]:
    """Give the facts as texts, for a form or an address."""
    return {name: text_of(value) for name, value in answers.facts.items()}


def text_of(value: object) -> str:
    """Write one fact as it stands in an address."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(given: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the facts that fit, and a sentence for each that does not."""
    unknown = [name for name in given if name not in BY_NAME]
    problems = {name: _unknown(name) for name in unknown[:_MOST_NAMED]}
    facts = {each.name: _value(each, given[each.name]) for each in QUESTIONS if each.name in given}
    for name in [name for name, value in facts.items() if value is None]:
        problems[name] = f"{BY_NAME[name].complaint}{_shown(given[name])}."
    return {name: value for name, value in facts.items() if value is not None}, problems


def _with_assumptions(facts: dict[str, Any]) -> Answers:
    assumed = tuple(each.name for each in QUESTIONS if each.name not in facts)
    if "services" in assumed and facts["app_type"] == "microservices":
        facts["services"] = _MANY
    return Answers(**facts, assumed=assumed)


def _value(question: Question, raw: object) -> object:
    """Give an answer as what it is, or None where it is none."""
    text = raw.strip() if isinstance(raw, str) else raw
    if question.is_number:
        return _number(question, text)
    if question.is_yes_or_no:
        return text if isinstance(text, bool) else _TEXTS.get(text.lower()) if isinstance(text, str) else None
    return text if isinstance(text, str) and text in question.values else None


def _number(question: Question, raw: object) -> int | None:
    if isinstance(raw, bool) or not isinstance(raw, (int, str)):
        return None
    return int(raw) if question.takes(str(raw)) else None


def _unknown(name: str) -> str:
    near = get_close_matches(name.replace("-", "_").lower(), BY_NAME, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(BY_NAME)}."
    return f"{_clean(name)} is none of the questions: {hint}"


def _shown(raw: object) -> str:
    return f", not {_clean(text_of(raw))!r}" if isinstance(raw, (str, int, float)) else ""


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:40])


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:120].rstrip(".") or type(error).__name__
