"""A configuration is held to today's answers: what no longer fits, and what is left to do until people come."""

from typing import Any

import pytest

from coatcheck.advisor.advise import advise, document_of
from coatcheck.advisor.check import Misfit, misfits
from coatcheck.settings import Settings
from coatcheck.settings.read import read_settings
from tests.advisor.facts import facts

LIVE: dict[str, Any] = {"server": {"public_url": "https://app.example.org/auth"}}


def settings(**sections: Any) -> Settings:
    return read_settings(None, {}, sections)


def found(answers: dict[str, Any], before: dict[str, Any] | None = None, **sections: Any) -> dict[str, Misfit]:
    return {each.what: each for each in misfits(advise(facts(**answers)), settings(**sections), before)}


@pytest.mark.parametrize(
    ("answers", "sections", "what"),
    [
        ({"regulation": "aal2"}, {}, "sign_in.level"),
        ({"regulation": "aal2"}, {"sign_in": {"level": "phr"}}, "sign_in.level"),
        ({"regulation": "phishing_resistant"}, {"sign_in": {"level": "aal2"}}, "sign_in.level"),
        ({"security_level": "high"}, {"sessions": {"cookie_lifetime": "30d"}}, "sessions.cookie_lifetime"),
        ({"security_level": "medium"}, {}, "sign_in.role_levels"),
        ({"security_level": "medium"}, {}, "sign_in.strangers"),
        ({"security_level": "medium"}, {}, "passwords.breached_check"),
        ({"regulation": "aal2"}, {"sign_in": {"trust_devices_for": "7d"}}, "sign_in.trust_devices_for"),
        ({"regulation": "aal2", "mobile_support": True}, {}, "sessions.token_idle"),
        ({"regulation": "aal2"}, {"audit": {"keep_for": "30d"}}, "audit.keep_for"),
        ({"revocation_bound": 2}, {"revocation": {"bound": "5s"}}, "revocation.bound"),
        ({"services": 3}, {}, "tokens.audience"),
        (
            {"services": 3},
            {"keys": {"algorithm": "HS256"}, "server": {"unsafe": ("SHARED_SECRET_TOKENS",)}},
            "keys.algorithm",
        ),
        ({}, {"server": {"unsafe": ("SHARED_SECRET_TOKENS",)}}, "server.unsafe"),
        ({}, {"sign_in": {"passkeys": False}}, "sign_in.passkeys"),
        ({}, LIVE, "mail.smtp_url"),
        ({"cross_domain": True}, LIVE, "web.origins"),
        ({"third_party_integration": True}, LIVE, "providers"),
        ({"scalability_needs": "high"}, LIVE, "database.url"),
        ({"services": 3, "revocation_bound": 2}, LIVE, "gateway.secret"),
    ],
)
def test_what_no_longer_fits(answers: dict[str, Any], sections: dict[str, Any], what: str) -> None:
    misfit = found(answers, **sections)[what]
    assert not misfit.is_to_do
    assert misfit.says.startswith(f"{what} is ")
    assert what.partition(".")[0] in misfit.fix


@pytest.mark.parametrize("what", ["mail.smtp_url", "web.origins", "providers", "database.url"])
def test_until_people_come_there_is_time(what: str) -> None:
    answers = {"cross_domain": True, "third_party_integration": True, "scalability_needs": "high"}
    assert found(answers)[what].is_to_do
    assert not found(answers, **LIVE)[what].is_to_do


def test_what_is_stricter_fits() -> None:
    strict: dict[str, Any] = {
        "sign_in": {"level": "aal3", "role_levels": ("admin=aal3",), "strangers": "email_code"},
        "passwords": {"breached_check": True},
        "sessions": {
            "cookie_idle": "10m",
            "cookie_lifetime": "8h",
            "remembered_idle": "10m",
            "remembered_lifetime": "8h",
        },
        "audit": {"checkpoint_file": "a.jsonl"},
    }
    for level in ("medium", "high"):
        assert [each for each in found({"security_level": level}, **strict).values() if not each.is_to_do] == []
    assert [each for each in found({"regulation": "phishing_resistant"}, **strict).values() if not each.is_to_do] == []


def test_a_recommendation_that_is_another_one_today() -> None:
    before = document_of(advise(facts()))
    assert found({}, before).keys().isdisjoint({"recommendation"})
    misfit = found({"mobile_support": True}, before)["recommendation"]
    assert misfit.says == (
        "This was written for session; today's answers ask for session+jwt, as mobile_support is true now."
    )
    assert "recommendation" not in found({"mobile_support": True}, {"recommendation": 7})
    by_other_rules = found({"mobile_support": True}, {"recommendation": "jwt"})["recommendation"]
    assert by_other_rules.says == "This was written for jwt; today's answers ask for session+jwt."


def test_a_plain_site_with_its_defaults_fits() -> None:
    assert list(found({})) == ["mail.smtp_url"]


def test_no_secret_is_told() -> None:
    sections: dict[str, Any] = {"database": {"url": "sqlite:///secret-place.db"}, **LIVE}
    told = found({"scalability_needs": "high"}, **sections)["database.url"]
    assert told.says.startswith("database.url is sqlite; ")
    assert "secret-place" not in str(told)
