"""How an advice looks on a terminal: the recommendation, its points with their reasons, what speaks against it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from coatcheck.advisor.advice import MEANINGS, METHODS, Advice, Point
from coatcheck.advisor.check import Misfit
from coatcheck.advisor.plan import plan_of
from coatcheck.advisor.questions import BY_NAME
from coatcheck.advisor.threats import threats_of
from coatcheck.cli.showing import console, say, say_facts

_WRITTEN: Final = {
    "coatcheck.toml": "the settings, each with its reason",
    "answers.toml": "the answers: keep them true",
    "advice.json": "the advice, for --check",
    "app.py": "the app",
    "service.py": "a further service, which checks tokens by itself",
    "THREATS.md": "the threats that remain",
    "test_advice.py": "the tests that prove it",
}


def show_advice(advice: Advice) -> None:
    """Print an advice for people."""
    meaning = " + ".join(MEANINGS[part] for part in advice.parts)
    console().print(Text.assemble("\nRecommended: ", (advice.recommendation, "bold green"), f"  ({meaning})"))
    if advice.tie:
        say(advice.tie)
    _show_scores(advice)
    if advice.rules == "guide":
        _show_list("Because", advice.reasoning)
    _show_points("Points", advice.points)
    _show_points("What speaks against it", advice.contrary)
    _show_list("Mind", advice.notes)
    _show_list("Next", [f"{each.says} ({each.see})" for each in plan_of(advice)])
    _show_list("Threats that remain", [f"{each.title}: {each.yours}" for each in threats_of(advice)])
    if advice.answers.assumed and advice.rules != "guide":
        _show_assumed(advice)
    say()


def show_misfits(advice: Advice, found: Sequence[Misfit]) -> None:
    """Print what no longer fits, and what is left to do before people come."""
    marks = {False: ("✗ ", "red"), True: ("· ", "dim")}
    for each in found:
        console().print(Text.assemble(marks[each.is_to_do], each.says), soft_wrap=True)
        console().print(Text(f"  {each.fix}", style="dim"), soft_wrap=True)
    wrong = sum(not each.is_to_do for each in found)
    to_do = len(found) - wrong
    fits = "all of it fits" if not wrong else f"{wrong} no longer {'fits' if wrong == 1 else 'fit'}"
    left = f"; {to_do} to do before people come" if to_do else ""
    say(f"{advice.recommendation}: {fits}{left}.", style="bold")


def show_written(advice: Advice, files: Sequence[Path]) -> None:
    """Print what was written, and what comes next."""
    console().print(Text.assemble("\n✓ ", ("Written for ", ""), (advice.recommendation, "bold green"), ":\n"))
    say_facts({f"  {path}": _WRITTEN.get(path.name, "the app") for path in files})
    say()
    say(f"Next: cd {files[0].parent} && pytest test_advice.py", style="bold")
    say(
        "It serves the app on this machine and proves what was advised. Read THREATS.md before people come.",
        style="dim",
    )


def _show_scores(advice: Advice) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Method")
    table.add_column("Points", justify="right")
    shown = advice.combinations if advice.rules != "guide" else {each: advice.scores[each] for each in METHODS}
    for name, points in shown.items():
        style = "bold green" if name == advice.recommendation else ""
        table.add_row(Text(name, style=style), Text(str(points), style=style))
    console().print(table)
    if advice.rules != "guide":
        alone = ", ".join(f"{method} {points}" for method, points in advice.scores.items())
        say(f"Points of each alone: {alone}.", style="dim")


def _show_points(title: str, points: tuple[Point, ...]) -> None:
    if not points:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in (title, "For", "", "Because", "Source"):
        table.add_column(column, overflow="fold", justify="right" if not column else "left")
    for each in points:
        style = "red" if each.points < 0 else "green"
        table.add_row(each.need, each.method, Text(f"{each.points:+}", style=style), each.because, each.source)
    console().print(table)


def _show_list(title: str, sentences: list[str] | tuple[str, ...]) -> None:
    if not sentences:
        return
    say()
    say(title, style="bold")
    for each in sentences:
        console().print(Text(f"- {each}"))


def _show_assumed(advice: Advice) -> None:
    facts = advice.answers.facts
    assumed = ", ".join(f"{BY_NAME[name].flag} {str(facts[name]).lower()}" for name in advice.answers.assumed)
    say()
    say(f"Assumed, as nobody said otherwise: {assumed}.", style="dim")
