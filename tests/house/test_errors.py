"""One tree of errors: a code of its own for each, a public sentence that never changes, a line in docs/errors.md."""

import ast
from collections import Counter

import pytest

from coatcheck.errors import CoatcheckError
from tests.house.source import modules
from tools.make_errors_doc import PAGE, errors, page

TREE = list(errors())


def test_every_code_is_used_once() -> None:
    assert [code for code, times in Counter(kind.code for kind in TREE).items() if times > 1] == []


def test_every_class_has_a_code_of_its_own() -> None:
    assert [kind.__name__ for kind in TREE if "code" not in vars(kind)] == []


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_what_is_said_is_a_constant_sentence(kind: type[CoatcheckError]) -> None:
    assert kind.says.endswith(".")
    assert kind.says[0].isupper()
    assert "{" not in kind.says
    assert isinstance(vars(kind).get("says", kind.says), str)


def test_nobody_sets_what_an_error_says() -> None:
    """A sentence made where an error is raised could carry what somebody typed."""
    assignments = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"says", "code"} and isinstance(node.ctx, ast.Store)
    ]
    assert assignments == []


def test_the_tree_is_one_room() -> None:
    assert all(kind.__module__.startswith("coatcheck.errors") for kind in TREE)


def test_the_drawing_shows_every_error() -> None:
    [module] = [module for module in modules() if module.path == "errors/__init__.py"]
    drawing = ast.get_docstring(module.tree) or ""
    assert [kind.__name__ for kind in TREE if f" {kind.__name__} " not in drawing.replace("\n", " \n ") + " "] == []


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python tools/make_errors_doc.py`"
