"""No folder, file or class has a name that says nothing about what it does."""

import re

import pytest

from tests.house.source import ROOT, SOURCE, modules

BANNED = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "shared",
    "base",
    "core",
    "manager",
    "service",
    "impl",
}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def says_nothing(name: str) -> bool:
    """Tell whether a name ends with such a word or begins with `base`; `common_passwords` are a real thing."""
    words = [word.lower() for word in WORD.findall(name)] or [""]
    return words[-1] in BANNED or words[0] == "base"


def test_folders_and_files_say_what_they_hold() -> None:
    paths = [path for folder in (SOURCE, ROOT / "tests", ROOT / "tools") for path in folder.rglob("*")]
    assert [str(path) for path in paths if "__pycache__" not in path.parts and says_nothing(path.stem)] == []


def test_classes_say_what_they_are() -> None:
    assert [f"{each.path}: {node.name}" for each in modules() for node in each.classes if says_nothing(node.name)] == []


@pytest.mark.parametrize("name", ["SessionManager", "_base_impl", "utils", "BaseStore", "auth_helpers", "core"])
def test_a_banned_name_is_seen(name: str) -> None:
    assert says_nothing(name)


@pytest.mark.parametrize("name", ["common_passwords", "Basement", "score", "KeyRing"])
def test_a_name_that_says_something_may_stay(name: str) -> None:
    assert not says_nothing(name)
