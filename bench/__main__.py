"""Run the measurements: `python -m bench` all of them, `python -m bench NAME` one; `--write` keeps the table."""

import argparse
import sys
from pathlib import Path

import uvloop

from bench import (
    access,
    api_keys,
    call_backs,
    gateway,
    many_sessions,
    oauth,
    revocation,
    session_call,
    session_check,
    sign_in,
    start,
    status_lists,
    tokens,
)
from bench.machine import describe
from bench.table import Line, table_of

MEASUREMENTS = {
    "session_check": session_check.measure,
    "access": access.measure,
    "api_keys": api_keys.measure,
    "session_call": session_call.measure,
    "gateway": gateway.measure,
    "tokens": tokens.measure,
    "revocation": revocation.measure,
    "status_lists": status_lists.measure,
    "oauth": oauth.measure,
    "sign_in": sign_in.measure,
    "call_backs": call_backs.measure,
    "many_sessions": many_sessions.measure,
    "start": start.measure,
}
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
INTRODUCTION = """\
# Benchmarks

Made by `make bench`: every line takes two measures in turns in one run, and compares their medians. The figures are of
one small machine and mean little; the ratios are what is promised.
"""


def main() -> None:
    """Measure, print the table, and end with 1 when a target is not met."""
    arguments = _arguments()
    lines: list[Line] = []
    for name in arguments.names or MEASUREMENTS:
        print(f"measuring {name} …", file=sys.stderr)
        lines += uvloop.run(MEASUREMENTS[name]())
    text = f"{table_of(lines)}\n\n{describe()}"
    print(text)
    if arguments.write:
        PAGE.write_text(f"{INTRODUCTION}\n{text}\n")
    sys.exit(not all(line.is_met for line in lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    main()
