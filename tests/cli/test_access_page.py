"""docs/access.md is true: its commands are given in their order, and answer what stands there."""

import re
import shlex
from pathlib import Path

from tests.cli.running import ROOT, coatcheck

PAGE = (ROOT / "docs" / "access.md").read_text("utf-8")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")


def commands() -> list[tuple[str, list[str]]]:
    """Give each command of the page, with the lines that follow it."""
    said: list[tuple[str, list[str]]] = []
    for line in "".join(BLOCK.findall(PAGE)).splitlines():
        if line.startswith("$ "):
            said.append((line[2:], []))
        else:
            said[-1][1].append(line)
    return said


def words(lines: list[str]) -> list[str]:
    """Give what lines say, without how they are laid out and what time it was."""
    spaced = (" ".join(MOMENT.sub("then", line).split()) for line in lines)
    return [line for line in spaced if line.strip("─")]


def test_its_commands(folder: Path) -> None:
    for email in ("ann@example.org", "ben@example.org"):
        assert coatcheck("account", "create", email, "--no-password", folder=folder).returncode == 0
    assert len(commands()) > 10
    for command, answer in commands():
        program, *arguments = shlex.split(command)
        ended = coatcheck(*arguments, folder=folder)
        told = (ended.stdout + ended.stderr).splitlines()
        assert (program, words(told)) == ("coatcheck", words(answer)), command
        refused = any("denied" in line or line.startswith("coatcheck:") for line in told)
        assert ended.returncode == int(refused), command
