"""What is in the repository is the same on every machine: no path of one, and no address of a package registry."""

import re
import subprocess

import pytest

from tests.house.source import ROOT

PATHS = re.compile(r"(?<![\w.~$}])/(?:home|Users|root|work|tmp|private|mnt)/[\w.-]+")
REGISTRIES = re.compile(r"(?i)\b(files\.pythonhosted|pypi\.org/simple|artifactory|--(extra-)?index-url|--find-links)")


def tracked() -> list[str]:
    """List the files of the repository that are text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no clone: there is no list of its files")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Give the places where a pattern stands."""
    found = []
    for name in tracked():
        if name == "tests/house/test_clean.py":
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match[0]}" for match in pattern.finditer(text)]
    return found


def test_no_path_of_a_machine() -> None:
    assert lines_with(PATHS) == []


def test_no_address_of_a_registry() -> None:
    assert lines_with(REGISTRIES) == []


@pytest.mark.parametrize("text", ["see /home/somebody/notes", 'Path("/tmp/place")', "cd /" + "work/here"])
def test_a_path_is_seen(text: str) -> None:
    assert PATHS.search(text)


@pytest.mark.parametrize("text", ["https://example.org/home/page", "{folder}/tmp/x", "~/" + "work/x", "$HOME/work"])
def test_a_part_of_something_else_is_no_path(text: str) -> None:
    assert not PATHS.search(text)
