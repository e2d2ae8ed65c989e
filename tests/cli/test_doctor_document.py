"""docs/doctor.md is true: it names every finding there is, and its commands do what it says."""

import ast
import re
from pathlib import Path

from coatcheck.doctor.principles import PRINCIPLES
from tests.cli.running import ROOT, coatcheck
from tests.doctor.within.test_settings_checks import FAULTS

PAGE = (ROOT / "docs" / "doctor.md").read_text("utf-8")
WITHIN = ROOT / "src" / "coatcheck" / "doctor" / "within"
PUT_TOGETHER = {"database-password-weak", "ephemeral-password-weak"}


def found_from_within() -> set[str]:
    """Give every code that a finding from within is made with."""
    written = {
        node.args[0].value
        for file in WITHIN.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }
    return written | FAULTS.keys() | PUT_TOGETHER


def test_it_names_every_finding_and_no_other() -> None:
    rows = re.findall(r"^\| (\d)\. [\w -]+ \| (.+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(PRINCIPLES) + 1))
    named = [code for _, codes in rows for code in re.findall(r"`([\w-]+)`", codes)]
    assert len(named) == len(set(named))
    assert set(named) == found_from_within()


def test_its_commands_run(folder: Path) -> None:
    lines = re.findall(r"^```sh\n(.+?)\n```$", PAGE, re.MULTILINE)
    assert lines == ["coatcheck doctor --json > report.json", "coatcheck doctor permit --out permit.json"]
    for line, code in zip(lines, (1, 0), strict=True):
        words = line.partition(" > ")[0].split()[1:]
        assert coatcheck(*words, folder=folder).returncode == code
