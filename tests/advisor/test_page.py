"""docs/advisor.md is true: its answers, its table of them, its commands, and the files that it names."""

import re
import tomllib
from pathlib import Path

from coatcheck.advisor.advise import advise, document_of
from coatcheck.advisor.answers import parse_answers
from coatcheck.advisor.check import misfits
from coatcheck.advisor.questions import QUESTIONS, Question
from coatcheck.advisor.rules_default import PART_COSTS
from coatcheck.advisor.write import FRAMEWORKS, write
from coatcheck.settings.read import read_settings
from tests.advisor.facts import EXAMPLE, facts
from tests.cli.running import coatcheck
from tests.house.source import ROOT

PAGE = (ROOT / "docs" / "advisor.md").read_text("utf-8")
BLOCKS: dict[str, str] = dict(re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def choices(question: Question) -> str:
    """Give the choices as the page writes them."""
    if question.is_number:
        return f"{question.least} to {question.most}"
    return "true, false" if question.is_yes_or_no else ", ".join(f"`{each}`" for each in question.values)


def test_its_answers_are_the_guides_example() -> None:
    assert tomllib.loads(BLOCKS["toml"]) == EXAMPLE
    guides, ours = (advise(parse_answers(EXAMPLE), rules) for rules in ("guide", "default"))
    scores = ", ".join(f"{name} {score}".replace("-", "−") for name, score in guides.scores.items())
    assert f"the guide says `{guides.recommendation}` ({scores}), the default rules `{ours.recommendation}`" in PAGE
    assert PART_COSTS == 3
    assert "each further part costs three points" in " ".join(PAGE.split())


def test_it_lists_each_question_with_its_choices() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE)
    assert rows[: len(QUESTIONS)] == [(each.name, choices(each)) for each in QUESTIONS]


def test_it_lists_each_member() -> None:
    table = PAGE.partition("| member | is |")[2].partition("## What")[0]
    named = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines() if "|" in line))
    assert set(named) == document_of(advise(facts())).keys()


def test_its_commands_run(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(BLOCKS["toml"])
    assert coatcheck("init", ".", folder=tmp_path).returncode == 0
    lines = [line.partition("#")[0].split()[1:] for line in BLOCKS["sh"].splitlines()]
    codes = [coatcheck(*line, folder=tmp_path).returncode for line in lines[1:]]
    assert codes == [0, 0, 0, 1], "what `init` writes is not what was advised for these answers"


def test_it_names_the_files_and_the_frameworks(tmp_path: Path) -> None:
    table = PAGE.partition("| file | is |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([\w.]+\.\w+)`", table))
    written = write(advise(facts(services=3)), tmp_path, "fastapi")
    assert {path.name for path in written} == named
    assert all(f"`{framework}`" in table for framework in FRAMEWORKS)


def test_it_shows_what_the_check_says() -> None:
    [misfit] = [
        each
        for each in misfits(advise(facts(regulation="aal2")), read_settings(None, {}))
        if each.what == "sign_in.level"
    ]
    assert "✗ sign_in.level is aal1; the advice asks for aal2 or aal3. It is asked for. …\n" in PAGE
    assert misfit.says.startswith("sign_in.level is aal1; the advice asks for aal2 or aal3. It is asked for. ")
    assert f"  {misfit.fix}\n" in PAGE
