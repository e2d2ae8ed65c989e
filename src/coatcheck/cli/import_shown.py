"""How `coatcheck import` shows a run: a bar while it goes on, the report at its end, and files for what is long."""

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from coatcheck.cli.showing import console, plain, say, say_facts, say_table
from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.report import Report

_SHOWN: Final = 20
_EVERY: Final = "{task.fields[speed]}"


class Bar:
    """Show how far a run is, on a terminal alone; write the rows that cannot come into a file as they are met.

    Args:
        bad_rows: the file, JSON lines; None for none.
    """

    def __init__(self, bad_rows: Path | None) -> None:
        columns = (
            TextColumn("Importing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(_EVERY),
            TimeRemainingColumn(),
        )
        shown = console(stderr=True)
        self._progress = Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True)
        self._path = bad_rows
        self._file: TextIO | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "Bar":
        self._file = _opened(self._path) if self._path else None
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        if self._file is not None:
            self._file.close()

    def begun(self, total: int | None) -> None:
        """Show the whole length, where it is known."""
        self._task = self._progress.add_task("import", total=total, speed="")

    def moved(self, report: Report) -> None:
        """Show how far it is."""
        if self._task is not None:
            bad = report.bad + report.collided
            self._progress.update(self._task, completed=report.rows, speed=f"{bad} cannot come" if bad else "")

    def refused(self, row: BadRow) -> None:
        """Write a row that cannot come."""
        if self._file is not None:
            self._file.write(json.dumps({"where": row.where, "because": row.because}) + "\n")


def show_report(report: Report, bad_rows: Path | None) -> None:
    """Show what a run came to, for people."""
    says = "would come over" if report.is_dry else "came over"
    say(f"{report.came} of {report.rows} accounts {says} from {report.source}.", style="bold")
    others = {"came over before": report.here, "met somebody who is here": report.collided, "cannot come": report.bad}
    passwords = {f"passwords {label}": count for label, count in sorted(report.labels.items())}
    say_facts({name: str(count) for name, count in (others | passwords).items() if count})
    if report.notes:
        say_table(
            ("Accounts", "What does not come as it was"), [(str(n), says) for n, says in _notes(report)], empty=""
        )
    if report.listed:
        say_table(("Row", "Cannot come"), [(each.where, each.because) for each in report.listed[:_SHOWN]], empty="")
    hidden = report.bad + report.collided - len(report.listed[:_SHOWN])
    if hidden:
        where = f"all are in {bad_rows}" if bad_rows else "--bad-rows FILE writes all of them"
        say(f"{hidden} more cannot come: {where}.")
    if report.is_dry:
        say("Nothing was kept: this was a dry run. With --yes they come.")


def write_ids(path: Path, pairs: list[tuple[str, str]]) -> None:
    """Write which id of the source is which of ours, as CSV, for the tables of the app itself."""
    with _opened(path) as file:
        rows = csv.writer(file)
        rows.writerow(("external_id", "account"))
        rows.writerows(pairs)


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", newline="")
    except OSError as problem:
        raise ConfigurationError(f"{path} cannot be written: {problem.strerror}") from None


def _notes(report: Report) -> list[tuple[int, str]]:
    return [(count, plain(says)) for count, says in report.said_notes()]
