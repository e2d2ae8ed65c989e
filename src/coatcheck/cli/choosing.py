"""Asks on a terminal: one of several answers, chosen with the arrow keys, and drawn beside what a command prints."""

import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from coatcheck.cli.showing import console

_ESCAPE = b"\x1b"
_ESCAPES_WITHIN_S = 0.05
_UP = (b"\x1b[A", b"\x1bOA", b"k")
_DOWN = (b"\x1b[B", b"\x1bOB", b"j", b"\t")
_ENTER = (b"\r", b"\n")
_END_OF_INPUT = (b"", b"\x04")


if sys.platform == "win32":

    @contextmanager
    def _keys_at_once() -> Iterator[None]:
        yield
else:
    import termios
    import tty

    @contextmanager
    def _keys_at_once() -> Iterator[None]:
        """Have each key as it is pressed, and leave the terminal as it was."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal, termios.TCSADRAIN)  # what was typed ahead is not thrown away
            yield
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def can_ask() -> bool:
    """Tell whether somebody sits at a terminal: questions are drawn on standard error, so output may be a pipe."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def choose(asks: str, choices: Sequence[tuple[str, str]], *, hint: str = "") -> str:
    """Let a person choose one of several answers, with the arrow keys or by its number.

    Args:
        asks: the question.
        choices: each answer, and what it means.
        hint: how to decide.

    Raises:
        typer.Abort: the input ended.
    """
    at = _by_keys(asks, choices, hint) if _has_keys() else _by_number(asks, choices, hint)
    value, says = choices[at]
    console(stderr=True).print(Text.assemble(("✓ ", "green"), f"{asks} ", (says, "bold")))
    return value


def ask_number(asks: str, fits: Callable[[str], bool], complaint: str) -> str:
    """Let a person type a number, until it fits.

    Raises:
        typer.Abort: the input ended.
    """
    while True:
        typed: str = typer.prompt(asks, err=True)
        if fits(typed):
            return typed
        console(stderr=True).print(Text(complaint, style="red"))


def _has_keys() -> bool:
    return sys.platform != "win32" and not console(stderr=True).is_dumb_terminal


def _by_keys(asks: str, choices: Sequence[tuple[str, str]], hint: str) -> int:
    at = 0
    with (
        _keys_at_once(),
        Live(_drawn(asks, choices, hint, at), console=console(stderr=True), auto_refresh=False, transient=True) as live,
    ):
        for key in _keys():
            if key in _ENTER:
                return at
            at = _moved(at, key, len(choices))
            live.update(_drawn(asks, choices, hint, at), refresh=True)
    raise typer.Abort


def _moved(at: int, key: bytes, count: int) -> int:
    if key in _UP:
        return (at - 1) % count
    if key in _DOWN:
        return (at + 1) % count
    if key.isdigit() and 1 <= int(key) <= count:
        return int(key) - 1
    return at


def _drawn(asks: str, choices: Sequence[tuple[str, str]], hint: str, at: int) -> Group:
    lines = [Text.assemble(("? ", "cyan"), (asks, "bold"))]
    if hint:
        lines.append(Text(f"  {hint}", style="dim"))
    for number, (_value, says) in enumerate(choices):
        lines.append(Text(f"→ {says}", style="bold cyan") if number == at else Text(f"  {says}"))
    lines.append(Text("  ↑ ↓ to move, Enter to choose", style="dim"))
    return Group(*lines)


def _keys() -> Iterator[bytes]:
    """Give one key after another, and read none ahead: the next question has keys of its own."""
    while (key := _key(sys.stdin.fileno())) not in _END_OF_INPUT:
        yield key


def _key(terminal: int) -> bytes:
    first = os.read(terminal, 1)
    if first == _ESCAPE and select.select([terminal], [], [], _ESCAPES_WITHIN_S)[0]:
        return first + os.read(terminal, 2)
    return first


def _by_number(asks: str, choices: Sequence[tuple[str, str]], hint: str) -> int:
    """Ask where keys cannot be had one by one."""
    lines = [asks, *([hint] if hint else []), *(f"  {number}  {says}" for number, (_, says) in enumerate(choices, 1))]
    console(stderr=True).print(Text("\n".join(lines)))
    complaint = f"A number from 1 to {len(choices)}."
    return int(ask_number("Number", lambda typed: typed in map(str, range(1, len(choices) + 1)), complaint)) - 1
