"""The size: all of it together travels in less than 15 KB; `make test` prints the figure."""

from tools.measure_sdk import MOST, compressed, report


def test_all_modules_together_are_small() -> None:
    assert compressed() < MOST, report()
