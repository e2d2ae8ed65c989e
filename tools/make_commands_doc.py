"""Writes docs/commands.md: every command, what it does, its arguments and options, and an example.

    python tools/make_commands_doc.py

All of it is read from the program itself, as `--help` shows it; a test fails when the page is old.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from coatcheck.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
EVERYWHERE = {"--help", "--install-completion", "--show-completion"}

INTRO = """\
# Commands

<!-- Made by tools/make_commands_doc.py from src/coatcheck/cli; change it there. -->

`coatcheck COMMAND --help` says the same on the terminal. `coatcheck --install-completion` teaches your shell to
complete them. Commands read `coatcheck.toml` in the current folder, or the file named by `--config` or
`COATCHECK_CONFIG`.

What a command changes counts at once: a running server heeds it within `revocation.bound`, one second by default. The
audit trail names `operator` as the one who did it.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | refused, or something is wrong: no such account, a password that is not taken, a changed audit trail |
| 2 | could not run as asked: usage, a setting, a database that is away or of another release |
"""


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give every command that does something, with the words that call it."""
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield path, command
    for name, each in below.items():
        yield from commands(each, f"{path} {name}")


def page() -> str:
    """Write the whole page."""
    found = list(commands(get_command(app), "coatcheck"))
    rows = [
        f"| [`{path}`](#{path.replace(' ', '-').lower()}) | {first_sentence(command.help)} |" for path, command in found
    ]
    table = "\n".join(["| command | what it does |", "| --- | --- |", *rows]) + "\n"
    return "\n".join([INTRO, table, *(section(path, command) for path, command in found)])


def section(path: str, command: Any) -> str:
    """Write one command."""
    example = (command.epilog or "").removeprefix("Example: ")
    parts = [f"## {path}\n", f"{' '.join(command.help.split())}\n", f"```sh\n{example}\n```\n"]
    lines = [line(each) for each in command.params if not EVERYWHERE.intersection(each.opts)]
    return "\n".join([*parts, "\n".join(lines) + "\n"] if lines else parts)


def line(parameter: Any) -> str:
    """Write one argument or option."""
    is_argument = parameter.param_type_name == "argument"
    value = "" if is_argument or getattr(parameter, "is_flag", False) else f" {parameter.metavar or 'NUMBER'}"
    names = parameter.metavar if is_argument else ", ".join(parameter.opts)
    optional = " Optional." if is_argument and not parameter.required else ""
    default = f" Default: `{parameter.default}`." if value and parameter.default is not None else ""
    return f"- `{names}{value}`: {parameter.help}{optional}{default}"


def first_sentence(text: str) -> str:
    """Give the first sentence of a help text."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".") + "."


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.name}: {page().count(chr(10))} lines")


if __name__ == "__main__":
    main()
