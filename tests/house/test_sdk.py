"""The browser SDK keeps rules like ours: small modules that need nothing, say what they are, and leak nothing."""

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tools.make_sdk_codes import MODULE, module

MODULES = sorted((ROOT / "sdk" / "src").glob("*"))
IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
EXPORTED = re.compile(r"^export (?:async function|function|class|const|let)\b")
FORBIDDEN = {
    "console.": "what is logged stays in a browser's log, and a page's log is read by others",
    "debugger": "it stops for whoever has the tools open",
    "eval(": "a text must never run",
    "new Function": "a text must never run",
    "document.write": "a text must never become a page",
    "innerHTML": "a text must never become a page",
    "sessionStorage": "any script reads it; store.js keeps what is kept, sealed",
    "document.cookie": "the server alone sets cookies",
    "@ts-ignore": "say by @ts-expect-error what is expected, or by a cast what it is",
    "@ts-nocheck": "each module is checked",
    "\t": "indented by two spaces",
}
OWNED = {
    "indexedDB": "store.js",
    "localStorage": "room.js",  # any script reads it: one word is there, where the disk has no room for more
}
each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)


def test_the_codes_are_the_servers() -> None:
    assert MODULE.read_text("utf-8") == module(), "run `python -m tools.make_sdk_codes`"


@each_module
def test_a_module_is_small(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert path.suffix == ".js"
    assert len(lines) <= 300
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120 or line != line.rstrip()] == []


@each_module
def test_a_module_says_what_it_is(path: Path) -> None:
    assert re.match(r"// [A-Z].*\n(//.*\n)*\n", path.read_text("utf-8"))


@each_module
def test_a_module_needs_its_neighbours_alone(path: Path) -> None:
    neighbours = {f"./{each.name}" for each in MODULES}
    assert set(IMPORTED.findall(path.read_text("utf-8"))) <= neighbours


@each_module
def test_what_is_exported_has_its_words(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    exports = [number for number, line in enumerate(lines) if EXPORTED.match(line)]
    assert [lines[number] for number in exports if not lines[number - 1].endswith("*/")] == []
    assert "export default" not in path.read_text("utf-8"), "one name everywhere"


@each_module
def test_nothing_is_used_that_is_forbidden(path: Path) -> None:
    text = path.read_text("utf-8")
    assert {word: why for word, why in FORBIDDEN.items() if word in text} == {}
    assert [word for word, owner in OWNED.items() if word in text and path.name != owner] == []
