"""Rows of a CSV file: comma, semicolon or tab, whatever the ends of its lines."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.open_text import open_text

LONGEST_CELL: Final = 128 * 1024
"""Characters of one cell, as `csv` has it; a quote that is never closed ends there."""
_DELIMITERS: Final = ",;\t"


def csv_rows(path: Path, *, columns: tuple[str, ...] | None = None) -> Iterator[Found | BadRow]:
    """Give every row of a file under the names of its columns, in lower case; an empty cell is left out.

    Args:
        columns: their names, where the file has no row that names them; its rows may end with a comma.

    Raises:
        ConfigurationError: the file cannot be read, or names a column twice.
    """
    with open_text(path, newline="") as file:
        delimiter = "," if columns else _delimiter(file.readline(LONGEST_CELL))
        file.seek(0)
        yield from _Table(csv.reader(file, delimiter=delimiter, strict=True), columns).rows()


def column_names(path: Path) -> tuple[str, ...]:
    """Give the columns that the first row of a file names, in lower case.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    with open_text(path, newline="") as file:
        line = file.readline(LONGEST_CELL)
    return tuple(_names(next(csv.reader([line], delimiter=_delimiter(line)), [])))


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _names(cells: list[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


class _Cells(Protocol):
    """Stand for what `csv.reader` gives."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


class _Table:
    """Read rows off a `csv.reader`, and go on behind one that cannot be read."""

    def __init__(self, cells: _Cells, columns: tuple[str, ...] | None) -> None:
        self._cells = cells
        self._names = list(columns or ())
        self._may_end_with_a_comma = columns is not None
        self._before = 0

    def rows(self) -> Iterator[Found | BadRow]:
        """Give every row behind the one that names the columns."""
        while (row := self._next()) is not None:
            if isinstance(row, BadRow):
                yield row
            elif not self._names:
                self._names = self._header(row)
            elif row:
                yield self._found(row)

    def _next(self) -> list[str] | BadRow | None:
        self._before = self._cells.line_num
        try:
            return next(self._cells)
        except StopIteration:
            return None
        except csv.Error:
            return BadRow(self._where(), "it is no CSV: a quote that is opened is not closed, or a cell is too long")

    def _header(self, row: list[str]) -> list[str]:
        names = _names(row)
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"the file has the column {name!r} twice")
        return names

    def _found(self, row: list[str]) -> Found | BadRow:
        if self._may_end_with_a_comma and len(row) == len(self._names) + 1 and not row[-1]:
            row = row[:-1]
        if len(row) != len(self._names):
            return BadRow(self._where(), f"it has {len(row)} cells where there are {len(self._names)} columns")
        return Found(self._where(), {name: cell for name, cell in zip(self._names, row, strict=True) if cell})

    def _where(self) -> str:
        first, last = self._before + 1, max(self._cells.line_num, self._before + 1)
        return f"line {first}" if first == last else f"lines {first} to {last}"
