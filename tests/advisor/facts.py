"""Answers for tests: the guide's example, and every combination of the guide's seven."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from coatcheck.advisor.answers import Answers, parse_answers

APP_TYPES = ("traditional_web", "spa", "mobile", "api", "microservices")
AMOUNTS = ("low", "medium", "high")
SWITCHES = ("cross_domain", "mobile_support", "real_time_features", "third_party_integration")
EXAMPLE: dict[str, Any] = {
    "app_type": "spa",
    "scalability_needs": "high",
    "security_level": "medium",
    "cross_domain": True,
    "mobile_support": True,
    "real_time_features": False,
    "third_party_integration": True,
}
PLAIN: dict[str, Any] = {
    "app_type": "traditional_web",
    "scalability_needs": "low",
    "security_level": "low",
    "cross_domain": False,
    "mobile_support": False,
    "real_time_features": False,
    "third_party_integration": False,
}


def facts(**changed: object) -> Answers:
    """Give the answers of a plain website, changed."""
    return parse_answers({**PLAIN, **changed})


def all_sevens() -> Iterator[dict[str, Any]]:
    """Give every combination of the guide's seven answers."""
    for app, size, safety in product(APP_TYPES, AMOUNTS, AMOUNTS):
        for switches in product((False, True), repeat=4):
            named = dict(zip(SWITCHES, switches, strict=True))
            yield {"app_type": app, "scalability_needs": size, "security_level": safety, **named}
