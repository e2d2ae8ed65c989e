"""How `coatcheck doctor` shows a report: eight sections, each finding with the lines that repair it."""

from collections import Counter
from typing import Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coatcheck.cli.showing import console, moment, plain, say
from coatcheck.doctor.finding import Finding, NotRun, Outcome, Passed
from coatcheck.doctor.principles import PRINCIPLES
from coatcheck.doctor.report import SEVERITIES, Report

_STYLES: Final = {"high": "bold red", "medium": "yellow", "low": "cyan"}


def show_report(report: Report) -> None:
    """Print a report."""
    say(f"Coatcheck doctor: {report.target}, {moment(report.at)}", style="bold")
    for number, name in enumerate(PRINCIPLES, 1):
        say()
        say(f"{number}. {name}", style="bold")
        outcomes = report.of(number)
        for outcome in outcomes:
            _show(outcome)
        if not outcomes:
            say("  Nothing was looked at here.", style="dim")
    say()
    _sum_up(report)


def _show(outcome: Outcome) -> None:
    grid = Table.grid(padding=(0, 1))
    match outcome:
        case Finding():
            style = _STYLES[outcome.severity]
            grid.add_row(Text("✗", style=style), Text.assemble((f"{outcome.severity}: ", style), plain(outcome.says)))
        case Passed():
            grid.add_row(Text("✓", style="green"), Text(plain(outcome.says), style="dim"))
        case NotRun():
            grid.add_row(Text("·"), Text(f"{outcome.code} was not looked at: {plain(outcome.because)}.", style="dim"))
    console().print(Padding(grid, (0, 0, 0, 2), expand=False))
    if isinstance(outcome, Finding):
        _show_fix(outcome.fix)


def _show_fix(fix: str) -> None:
    """Print a fix: where, then its lines, never broken, so that each can be copied."""
    where, *lines = fix.splitlines()
    say(f"    {where}")
    for line in lines:
        say(f"        {line}", style="bold")


def _sum_up(report: Report) -> None:
    counts = Counter(each.severity for each in report.findings)
    if not counts:
        say("✓ Nothing was found.", style="bold green")
        return
    words = ", ".join(f"{counts[each]} {each}" for each in SEVERITIES if counts[each])
    found = sum(counts.values())
    say(f"✗ {found} finding{'s' if found > 1 else ''}: {words}.", style="bold")
