"""The size: all modules together travel in less than 15 KB, comments and all; `make test` prints the figure."""

from tools.measure_sdk import MOST, compressed, report


def test_all_modules_together_are_small() -> None:
    assert compressed() < MOST, report()
