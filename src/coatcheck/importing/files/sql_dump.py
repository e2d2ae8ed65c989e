"""Rows of a PostgreSQL dump in plain text, as `pg_dump` writes it: the `COPY` sections of some tables."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, TextIO

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.open_text import open_text

LONGEST: Final = 16 * 1024 * 1024
"""Characters of one row."""
_COPY = re.compile(r'COPY "?(\w+)"?\."?(\w+)"? \(([^)]*)\) FROM stdin;')
_INSERT = re.compile(r'INSERT INTO "?(\w+)"?\."?(\w+)"?\W')
_END: Final = "\\."
_NULL: Final = "\\N"
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CUSTOM: Final = "PGDMP"


class DumpRow(msgspec.Struct, frozen=True):
    """Hold one row of a dump.

    Args:
        table: its table, such as `auth.users`.
        where: its line.
        values: its values by column, as PostgreSQL prints them; those that are null are left out.
    """

    table: str
    where: str
    values: dict[str, str]

    def __repr__(self) -> str:
        return f"DumpRow({self.table!r}, {self.where!r}, …)"


def dump_rows(path: Path, tables: Collection[str], seen: set[str] | None = None) -> Iterator[DumpRow | BadRow]:
    """Give every row of some tables, in the order in which they are dumped.

    Args:
        tables: their names, such as `auth.users`.
        seen: where the name of every table of the dump is added, empty ones too.

    Raises:
        ConfigurationError: the file cannot be read, ends within a table, or was made in another form.

    See: https://www.postgresql.org/docs/current/sql-copy.html (text format).
    """
    with open_text(path, newline="\n") as file:
        if file.read(len(_CUSTOM)) == _CUSTOM:
            raise ConfigurationError(f"{path.name} is no plain text; make some of it: pg_restore -f users.sql")
        file.seek(0)
        lines = _Lines(file)
        while line := lines.take():
            if found := _COPY.match(line):
                (set() if seen is None else seen).add(f"{found[1]}.{found[2]}")
                yield from _section(lines, found, tables)
            elif (found := _INSERT.match(line)) and f"{found[1]}.{found[2]}" in tables:
                raise ConfigurationError(f"{path.name} holds INSERT statements; dump it without --inserts")


class _Lines:
    """Take lines off a file, and know the number of the last."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0

    def take(self) -> str:
        """Take the next line with its end; nothing at the end of the file."""
        self.number += 1
        return self._file.readline(LONGEST)


def _section(lines: _Lines, copy: re.Match[str], tables: Collection[str]) -> Iterator[DumpRow | BadRow]:
    table, names = f"{copy[1]}.{copy[2]}", [name.strip(' "') for name in copy[3].split(",")]
    while line := lines.take().rstrip("\r\n"):
        if line == _END:
            return
        if table in tables:
            yield _row(table, f"line {lines.number}", names, line)
    raise ConfigurationError(f"the dump ends within {table} (line {lines.number})")


def _row(table: str, where: str, names: list[str], line: str) -> DumpRow | BadRow:
    cells = line.split("\t")
    if len(cells) != len(names):
        return BadRow(where, f"it has {len(cells)} values where {table} has {len(names)} columns")
    given = zip(names, cells, strict=True)
    return DumpRow(table, where, {name: _plain(cell) for name, cell in given if cell != _NULL})


def _plain(cell: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), cell) if "\\" in cell else cell
