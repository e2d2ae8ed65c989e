"""Writes docs/errors.md: every code that an answer may carry, with its status and its public sentence.

    python tools/make_errors_doc.py

A test fails when the page is old.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

from coatcheck.errors import CoatcheckError

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"

INTRO = """\
# Errors

<!-- Made by tools/make_errors_doc.py from src/coatcheck/errors; change it there. -->

A call that is refused answers with a problem document (RFC 9457). Programs go by `code`, which never changes its
meaning; `type` is `urn:coatcheck:` and the code. `title` is the sentence below, the same every time; `fields` names
what is wrong with what was sent; `request_id` finds the line in the log, where the operator's reason stands.

```json
{"type": "urn:coatcheck:invalid_input", "code": "invalid_input", "status": 422,
 "title": "Some of what was sent cannot be used.", "fields": {"email": "This is needed."}, "request_id": "req_…"}
```

`session_ended` is the only code on which a client signs out. 429 and 503 carry `Retry-After`, in seconds.

| code | status | says | is there to |
| --- | --- | --- | --- |
"""


def errors(root: type[CoatcheckError] = CoatcheckError) -> Iterator[type[CoatcheckError]]:
    """Give every error of the tree, parents first."""
    yield root
    for kind in root.__subclasses__():
        yield from errors(kind)


def ours() -> list[type[CoatcheckError]]:
    """List the errors that are Coatcheck's own; an app may have added some."""
    return [kind for kind in errors() if kind.__module__.startswith("coatcheck.errors")]


def page() -> str:
    """Write the whole page."""
    rows = [f"| `{kind.code}` | {kind.status} | {kind.says} | {_purpose(kind)} |" for kind in _by_status(ours())]
    return INTRO + "\n".join(rows) + "\n"


def _by_status(kinds: list[type[CoatcheckError]]) -> list[type[CoatcheckError]]:
    return sorted(kinds, key=lambda kind: kind.status)


def _purpose(kind: type[CoatcheckError]) -> str:
    return "stand for anything that should not happen" if kind is CoatcheckError else _lower(inspect.getdoc(kind) or "")


def _lower(words: str) -> str:
    first = words.splitlines()[0].removesuffix(".")
    return first[:1].lower() + first[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.name}: {page().count(chr(10))} lines")
