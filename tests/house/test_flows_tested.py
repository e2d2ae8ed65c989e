"""Every flow has a test file of its own name, so that whoever changes one knows where its tests are."""

import ast
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tools.make_map import flows

FLOWS = sorted({flow.file for flow in flows().values()})


def test_there_are_flows() -> None:
    assert "src/coatcheck/login/admit.py" in FLOWS


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_tested_under_its_own_name(flow: str) -> None:
    room, name = Path(flow).parts[-2:]
    path = ROOT / "tests" / room / f"test_{name}"
    assert path.exists(), f"{flow} needs tests in tests/{room}/test_{name}"
    tests = [node for node in ast.parse(path.read_text("utf-8")).body if _is_test(node)]
    assert tests, f"tests/{room}/test_{name} has no test"


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
