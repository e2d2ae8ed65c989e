"""Writes docs/settings.md: every setting, what it says, its default, and its name in the environment.

    python tools/make_settings_doc.py

A field's words are the string under it in its struct; a test fails when a field has none, or when the page is old.
"""

import ast
import inspect
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

from msgspec.structs import FieldInfo, fields

from coatcheck.settings import Settings
from coatcheck.settings.durations import in_words
from coatcheck.settings.read import variable

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

INTRO = """\
# Settings

<!-- Made by tools/make_settings_doc.py from the structs in src/coatcheck/settings; change it there. -->

Every setting has a default that is meant to be right. A setting stands in `coatcheck.toml` under its section, in the
environment under the name given here, or in code as a keyword. Code goes before the
environment, and that before the file.

A duration is a text with its unit (`"250ms"`, `"15m"`, `"1h 30m"`, `"30 days"`); a list in the environment is separated
by commas; relative paths are relative to `coatcheck.toml`. An unknown setting or a wrong value stops the
start, with its name. Where a section is called `x.NAME`, there may be many, each by a name of yours: 1 to 40 of
a-z, 0-9 and `-`, which is `_` in the environment.

```toml
[server]
public_url = "https://example.org/auth"

[limits]
window = "15m"
```
"""

KINDS = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    timedelta: "duration",
    tuple[str, ...]: "list of texts",
}


def words_of(section: type[Any]) -> dict[str, str]:
    """Collect the string under each field of a struct, where there is one."""
    [made] = (node for node in ast.parse(inspect.getsource(section)).body if isinstance(node, ast.ClassDef))
    words: dict[str, str] = {}
    for line, after in pairwise(made.body):
        match line, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                words[name] = " ".join(text.split())
    return words


def sections() -> dict[str, type[Any]]:
    """Give the struct of each section; one that holds tables of its owner's naming stands there as `x.NAME`."""
    hints = get_type_hints(Settings)
    tables = {f"{name}.NAME": get_args(hint)[1] for name, hint in hints.items() if get_args(hint)}
    return {name: hint for name, hint in hints.items() if not get_args(hint)} | tables


def page() -> str:
    """Write the whole page."""
    return "\n".join([INTRO, *(part for name, kind in sections().items() for part in _section(name, kind))])


def _section(name: str, kind: type[Any]) -> Iterator[str]:
    words, hints = words_of(kind), get_type_hints(kind)
    yield f"## `[{name}]`\n\n{inspect.cleandoc(kind.__doc__ or '').splitlines()[0]}\n"
    for each in fields(kind):
        yield f"### `{name}.{each.name}`\n\n{words.get(each.name, '')}\n"
        yield f"- {_kind(hints[each.name])}; default: {_default(each)}"
        yield f"- environment: `{variable(name, each.name)}`\n"


def _kind(hint: Any) -> str:
    plain = [kind for kind in get_args(hint) if kind is not type(None)]
    return KINDS[plain[0] if type(None) in get_args(hint) else hint].capitalize()


def _default(each: FieldInfo) -> str:
    match each.default:
        case None:
            return "none"
        case () | "":
            return "empty"
        case bool(value):
            return f"`{str(value).lower()}`"
        case timedelta() as value:
            return f"`{in_words(value)}`"
        case value:
            return f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.name}: {PAGE.read_text('utf-8').count(chr(10))} lines")
