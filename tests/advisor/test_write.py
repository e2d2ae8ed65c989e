"""What is written starts, signs a person in, and passes the tests it wrote: for each recommendation there is."""

import ast
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coatcheck.advisor.advise import advise
from coatcheck.advisor.answers import parse_answers
from coatcheck.advisor.check import misfits
from coatcheck.advisor.write import FRAMEWORKS, read_before, write
from coatcheck.errors import ConfigurationError
from coatcheck.settings.read import read_settings
from tests.advisor.facts import facts
from tests.advisor.proving import let_go, prove

# Each recommendation of both rule sets; between them every framework, every level, and all that an app can have.
CASES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "session": ("default", "session", "fastapi", {"real_time_features": True, "security_level": "medium"}),
    "jwt": ("default", "jwt", "flask", {"app_type": "spa", "cross_domain": True}),
    "oauth": ("default", "oauth", "starlette", {"app_type": "api", "clients_run_by": "machines"}),
    "session+jwt": ("default", "session+jwt", "litestar", {"mobile_support": True, "security_level": "high"}),
    "session+oauth": (
        "default", "session+oauth", "django", {"third_party_integration": True, "regulation": "phishing_resistant"},
    ),
    "jwt+oauth": ("default", "jwt+oauth", "fastapi", {"app_type": "microservices", "clients_run_by": "machines"}),
    "session+jwt+oauth": (
        "default", "session+jwt+oauth", "flask", {"app_type": "microservices", "regulation": "aal2"},
    ),
    "session of the guide": ("guide", "session", "starlette", {}),
    "jwt of the guide": ("guide", "jwt", "fastapi", {"app_type": "mobile", "offline_use": True}),
    "oauth of the guide": ("guide", "oauth", "fastapi", {"app_type": "api", "third_party_integration": True}),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _prover() -> Iterator[None]:
    """Leave no process behind."""
    yield
    let_go()


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_proves_itself(tmp_path: Path, case: str) -> None:
    rules, recommendation, framework, changed = CASES[case]
    advice = advise(facts(**changed), rules)
    assert advice.recommendation == recommendation
    files = write(advice, tmp_path / "auth", framework)
    code, said = prove(tmp_path / "auth")
    assert code == 0, said
    assert "passed" in said
    assert {path.name for path in files} >= {"coatcheck.toml", "app.py", "THREATS.md", "test_advice.py", "answers.toml"}


def test_every_recommendation_there_is_has_a_case() -> None:
    assert {recommendation for rules, recommendation, _, _ in CASES.values() if rules == "default"} == {
        "session", "jwt", "oauth", "session+jwt", "session+oauth", "jwt+oauth", "session+jwt+oauth",
    }  # fmt: skip
    assert {recommendation for rules, recommendation, _, _ in CASES.values() if rules == "guide"} == {
        "session", "jwt", "oauth",
    }  # fmt: skip
    assert {framework for _, _, framework, _ in CASES.values()} == set(FRAMEWORKS)


def test_a_test_that_is_written_can_fail(tmp_path: Path) -> None:
    """The configuration is changed behind the advice's back: a second factor is not asked for any more."""
    write(advise(facts(security_level="high")), tmp_path, "fastapi")
    settings = tmp_path / "coatcheck.toml"
    settings.write_text(settings.read_text().replace('level = "aal2"', 'level = "aal1"'))
    code, said = prove(tmp_path)
    assert code == 1
    assert "FAILED test_advice.py::test_a_person_signs_in" in said


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_all_of_it_is_well_formed(tmp_path: Path, framework: str) -> None:
    """For each recommendation, with all that an app can have and with nothing of it."""
    full = {"real_time_features": True, "offline_use": True, "regulation": "aal2", "scalability_needs": "high"}
    for number, (rules, _, _, changed) in enumerate(CASES.values()):
        for kind, more in {"bare": {}, "full": full}.items():
            advice = advise(facts(**{**changed, **more}), rules)
            folder = tmp_path / f"{kind}{number}"
            for path in write(advice, folder, framework):
                text = path.read_text("utf-8")
                assert text.endswith("\n")
                assert not text.endswith("\n\n"), path
                assert "{%" not in text
                assert "{{" not in text
                if path.suffix == ".py":
                    ast.parse(text)
                    assert max(len(line) for line in text.splitlines()) <= 140, path
            settings = read_settings(folder / "coatcheck.toml", {})
            left = misfits(advice, settings, read_before(folder))
            assert [each for each in left if not each.is_to_do] == [], "what was just written fits"
            kept = parse_answers(tomllib.loads((folder / "answers.toml").read_text()))
            assert kept.facts == advice.answers.facts


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"app\.py is there already; nothing was changed"):
        write(advise(facts()), tmp_path, "fastapi")
    assert os.listdir(tmp_path) == ["app.py"]


def test_the_settings_are_their_owners_alone(tmp_path: Path) -> None:
    write(advise(facts(app_type="microservices")), tmp_path, "flask")
    assert stat.S_IMODE((tmp_path / "coatcheck.toml").stat().st_mode) == 0o600
    first = read_settings(tmp_path / "coatcheck.toml", {}).gateway.secret
    write(advise(facts(app_type="microservices")), tmp_path / "b", "flask")
    assert first != read_settings(tmp_path / "b" / "coatcheck.toml", {}).gateway.secret


def test_threats_say_what_is_yours(tmp_path: Path) -> None:
    write(advise(facts(mobile_support=True, cross_domain=True)), tmp_path, "fastapi")
    page = (tmp_path / "THREATS.md").read_text()
    assert page.startswith("# Threats that remain\n")
    assert "## Tokens that are bound to nothing\n" in page
    assert "- **Yours:** Prove a key at the sign-in (DPoP) in each app" in page
