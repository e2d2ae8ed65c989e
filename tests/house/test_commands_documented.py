"""Every command has its words, an example, and its place in docs/commands.md."""

import pytest
from typer.main import get_command

from coatcheck.cli import app
from tools.make_commands_doc import PAGE, commands, page

COMMANDS = dict(commands(get_command(app), "coatcheck"))
WITHOUT_SETTINGS = ("coatcheck init", "coatcheck doctor URL")
"""One makes them; one looks at a deployment from elsewhere."""


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python tools/make_commands_doc.py`"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_words_and_an_example_of_itself(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    assert (command.epilog or "").startswith(f"Example: {path}")
    assert [each.name for each in command.params if not each.help] == []


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in WITHOUT_SETTINGS])
def test_every_command_takes_the_settings_file(path: str) -> None:
    assert any("--config" in each.opts for each in COMMANDS[path].params)


def test_no_command_takes_a_password_as_an_argument() -> None:
    """What stands on the command line is seen by every user of the machine, and kept in the shell's history."""
    takes_a_value = [
        f"{path} {each.name}"
        for path, command in COMMANDS.items()
        for each in command.params
        if "password" in (each.name or "") and not getattr(each, "is_flag", False)
    ]
    assert takes_a_value == []
