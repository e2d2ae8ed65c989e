"""The security documents are true: what they name exists, and no row that must have a test is missing."""

import ast
import re
from pathlib import Path

import pytest

from coatcheck import unsafe

ROOT = Path(__file__).parents[2]
ATTACKS = ROOT / "docs" / "security" / "attacks.md"
ASVS = ROOT / "docs" / "security" / "asvs.md"
PROMISES = ROOT / "SECURITY.md"

# Every row of these classes has a test of its own, and so have those of recovery and of tokens' reading.
OF_D = {76, 77, 79, 80, 82, 83, 85, 86, 88, 89, 91, 92, 94, 95}
OF_F = {118, 119, 121, 122, 124, 125, 127, 128, 130, 131, 133}
OF_SECOND_PROOFS = {97, 98, 100, 101, 106, 107}
OF_RECOVERY = {109, 110, 112, 113, 115, 116}
OF_PROVIDERS = {56, 58, 59, 61, 62, 64, 65, 67, 68, 70, 71, 73, 74}
OF_TOKENS = {1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 20}
OF_GATEWAY = {134, 136, 137, 145, 146}
OF_SAML = {148, 149, 151, 152, 155}

ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
REQUIREMENT = re.compile(r"^\| (V\d+\.\d+\.\d+) \| (.*) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"\[`([\w/]+\.py)::(\w+)`\]\(\.\./\.\./tests/([\w/.]+)\)")


def rows() -> dict[int, str]:
    """Give where each row of the table of attacks is answered."""
    return {int(number): where for number, _, where in ROW.findall(ATTACKS.read_text("utf-8"))}


def named_in(path: Path) -> set[str]:
    """Give the names of the tests of a file."""
    functions = ast.FunctionDef, ast.AsyncFunctionDef
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, functions) and node.name.startswith("test_")}


def test_every_row_that_reaches_us_has_a_test_named_after_it() -> None:
    answered = rows()
    for number in OF_D | OF_F | OF_SECOND_PROOFS | OF_RECOVERY | OF_PROVIDERS | OF_TOKENS | OF_GATEWAY | OF_SAML:
        files = list((ROOT / "tests" / "attacks").glob(f"test_{number:03}_*.py"))
        assert len(files) == 1, number
        assert f"(../../tests/attacks/{files[0].name})" in answered[number], number


def test_every_row_is_answered() -> None:
    answered = rows()
    assert len(answered) == len(ROW.findall(ATTACKS.read_text("utf-8"))) >= 104
    for number, where in answered.items():
        assert "test_" in where or where.startswith(("Later", "Not planned")), number


def test_what_is_not_planned_says_why() -> None:
    reasons = {number: where for number, where in rows().items() if where.startswith("Not planned")}
    assert "there is no LDAP" in reasons[154]
    assert all(where.startswith("Not planned: ") and len(where.split()) > 4 for where in reasons.values())


def test_the_readme_counts_them() -> None:
    answers = rows().values()
    tried = sum("test_" in where and not where.startswith(("Later", "Not planned")) for where in answers)
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"Of {len(answers)} past vulnerabilities of other systems, {tried} are tried on us by a test; " in readme
    assert f" {len(answers) - tried} cannot reach us yet" in readme


def test_every_test_that_is_named_exists() -> None:
    for name in re.findall(r"`(test_\w+\.py)`", ATTACKS.read_text("utf-8")):
        assert named_in(ROOT / "tests" / "attacks" / name), name


def test_every_attack_test_tells_its_attack() -> None:
    for path in sorted((ROOT / "tests" / "attacks").glob("test_[0-9]*.py")):
        number = int(path.name.split("_")[1])
        told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        assert told.startswith(f"Attack {number}: "), path.name
        assert re.search(r"\b[Hh]ere\b", told.split("\n\n", 1)[1]), f"{path.name}: say what is done here"
        assert named_in(path)
        assert number in rows(), path.name


def test_every_requirement_is_shown() -> None:
    met = REQUIREMENT.findall(ASVS.read_text("utf-8"))
    assert len({requirement for requirement, *_ in met}) == len(met) > 40
    assert f"by a test: {len(met)}." in ASVS.read_text("utf-8")
    for requirement, _, shown_by in met:
        named = NAMED.findall(shown_by)
        assert len(named) == shown_by.count("::") > 0, requirement
        for file, test, link in named:
            assert file == link, requirement
            assert test in named_in(ROOT / "tests" / file), (requirement, file, test)


@pytest.mark.parametrize("name", sorted(unsafe.ALL))
def test_every_protection_that_can_be_switched_off_is_told(name: str) -> None:
    assert f"| `{name}` |" in PROMISES.read_text("utf-8")
