"""What a stranger chose reaches the operator's terminal as text, never as a command to it."""

import pytest

from coatcheck.cli.showing import ago, plain, say_table


def test_control_characters_are_replaced() -> None:
    assert plain("\x1b[2Jann\u202e\x07\r\n") == "�[2Jann����"


def test_markup_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(["Device"], [["[red]Fire[/]fox \x1b]0;owned\x07"]], empty="none")
    shown = capsys.readouterr().out
    assert "[red]Fire[/]fox" in shown
    assert "\x1b" not in shown


def test_how_long_ago() -> None:
    now = 10_000_000
    assert [ago(now - 1000 * seconds, now) for seconds in (0, 2, 59, 60, 7200)] == [
        "0 s ago",
        "2 s ago",
        "59 s ago",
        "1 minute ago",
        "2 hours ago",
    ]
    assert ago(now + 5000, now) == "in a moment", "another machine's clock is ahead"
