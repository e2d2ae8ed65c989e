"""The page on imports is true: what it names exists, and its numbers are those of the code."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from coatcheck.cli import app
from coatcheck.importing.reading import BATCH
from coatcheck.passwords.schemes import argon2id, bcrypt, pbkdf2, scrypt
from tools.make_commands_doc import commands

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text("utf-8")
OPTION = re.compile(r"--[a-z][a-z-]+")
SOURCE = re.compile(r"^\| `([a-z0-9-]+)( [A-Z]+)*` \|", re.MULTILINE)


GROUP = "coatcheck import "
COMMANDS = {
    path.removeprefix(GROUP): command
    for path, command in commands(get_command(app), "coatcheck")
    if path.startswith(GROUP)
}


def test_every_source_has_its_line_and_every_line_its_source() -> None:
    assert {name for name, _ in SOURCE.findall(PAGE)} == COMMANDS.keys()


@pytest.mark.parametrize("option", sorted(set(OPTION.findall(PAGE))))
def test_an_option_is_one(option: str) -> None:
    options = {each for command in COMMANDS.values() for param in command.params for each in param.opts}
    assert option in options


def test_the_numbers_are_those_of_the_code() -> None:
    words = " ".join(PAGE.split())
    mib = 256
    assert (mib, mib) == (argon2id.CEILING_KIB // 1024, scrypt.CEILING_BYTES >> 20)
    assert f"argon2 and scrypt above {mib} MiB, bcrypt above {bcrypt.CEILING_ROUNDS}" in words
    assert f"PBKDF2 above {pbkdf2.CEILING_ITERATIONS:,}" in words
    assert f"Each batch of {BATCH} is kept" in words
