"""Small things: a file fits in a few screens, a function in one, and most functions in a glance."""

from statistics import median

from tests.house.source import modules

FILE_LINES = 300
FUNCTION_LINES = 60
MEDIAN_LINES = 10


def test_files_are_short() -> None:
    assert [each.path for each in modules() if len(each.text.splitlines()) > FILE_LINES] == []


def test_functions_are_short() -> None:
    functions = [(module.path, each) for module in modules() for each in module.functions]
    assert [f"{path}: {each.name}" for path, each in functions if each.lines > FUNCTION_LINES] == []


def test_the_median_function_is_a_glance() -> None:
    assert median(each.lines for module in modules() for each in module.functions) < MEDIAN_LINES
