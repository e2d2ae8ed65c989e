"""Writes sdk/src/codes.js: every code that an answer may carry, as the browser SDK knows them.

    python -m tools.make_sdk_codes

A test fails when the module is old.
"""

from pathlib import Path

from tools.make_errors_doc import ours

MODULE = Path(__file__).parents[1] / "sdk" / "src" / "codes.js"

INTRO = """\
// Every code that the server answers with: the same words on both sides.
// Made by tools/make_sdk_codes.py from src/coatcheck/errors; change it there.

/** Each code, and the status that it comes with. */
export const CODES = Object.freeze({
"""

OUTRO = """\
});

/** @typedef {keyof typeof CODES} Code a code of the server's */
"""


def module() -> str:
    """Write the whole module."""
    return (
        INTRO
        + "".join(f"  {kind.code}: {kind.status},\n" for kind in sorted(ours(), key=lambda kind: kind.code))
        + OUTRO
    )


if __name__ == "__main__":
    MODULE.write_text(module(), "utf-8")
    print(f"{MODULE.name}: {len(ours())} codes")
