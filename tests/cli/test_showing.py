"""What a stranger chose reaches the operator's terminal as text, never as a command to it."""

import pytest

from coatcheck.cli.showing import plain, say_table


def test_control_characters_are_replaced() -> None:
    assert plain("\x1b[2Jann\u202e\x07\r\n") == "�[2Jann����"


def test_markup_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(["Device"], [["[red]Fire[/]fox \x1b]0;owned\x07"]], empty="none")
    shown = capsys.readouterr().out
    assert "[red]Fire[/]fox" in shown
    assert "\x1b" not in shown
