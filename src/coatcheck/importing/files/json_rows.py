"""Rows of JSON: one object a line, or the objects of one array, which may stand under a key of a larger document.

An array is read piece by piece. What is held in memory is one object and a piece of the file, never the file.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.open_text import open_text

_PIECE: Final = 64 * 1024
LONGEST: Final = 16 * 1024 * 1024
"""Characters of one object: an account has thousands at the most."""
_SPACE: Final = " \t\r\n"
_decoder: Final = json.JSONDecoder()


def json_rows(path: Path, *, under: str | None = None) -> Iterator[Found | BadRow]:
    """Give every object of a file, from the first.

    Args:
        under: the key whose array holds them, where the file is one object.

    Raises:
        ConfigurationError: the file cannot be read, is cut off, or is no JSON of that form.
    """
    with open_text(path) as file:
        pieces = _Pieces(path, file)
        match pieces.next_character():
            case "[":
                yield from _array(pieces)
            case "{" if under is not None:
                yield from _array_under(pieces, under)
            case "{":
                file.seek(0)
                yield from _lines(file)
            case "":
                return
            case _:
                raise pieces.broken("begins with no object and no array")


def _lines(file: TextIO) -> Iterator[Found | BadRow]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if line.strip(_SPACE):
            yield _line(f"line {number}", line)


def _line(where: str, line: str) -> Found | BadRow:
    try:
        return _found(where, msgspec.json.decode(line))
    except UnicodeEncodeError:
        return BadRow(where, "it is not written in UTF-8")
    except (msgspec.DecodeError, RecursionError):
        return BadRow(where, "it is no JSON object on one line")


def _found(where: str, value: object) -> Found | BadRow:
    return Found(where, value) if isinstance(value, dict) else BadRow(where, "it is no JSON object")


def _array(pieces: "_Pieces") -> Iterator[Found | BadRow]:
    pieces.take("[")
    if pieces.next_character() == "]":
        return
    while True:
        where = f"line {pieces.line}" if pieces.next_character() else ""
        yield _found(where, pieces.value())
        if pieces.take(",", "]") == "]":
            return


def _array_under(pieces: "_Pieces", under: str) -> Iterator[Found | BadRow]:
    pieces.take("{")
    while pieces.next_character() == '"':
        key = pieces.value()
        pieces.take(":")
        if key == under and pieces.next_character() == "[":
            yield from _array(pieces)
            return
        pieces.value()
        if pieces.take(",", "}") == "}":
            break
    raise pieces.broken(f"has no array under the key {under}")


class _Pieces:
    """Read JSON values off a file, one after the other."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file
        self._text = ""
        self._at = 0
        self.line = 1

    def next_character(self) -> str:
        """Pass over space and give the character that comes, or nothing at the end; it stays where it is."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._pass(self._at + 1)
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, *wanted: str) -> str:
        """Take one of some characters.

        Raises:
            ConfigurationError: another one comes.
        """
        found = self.next_character()
        if found not in wanted or not found:
            raise self.broken("ends too early" if not found else f"has a {found!r} where {wanted[0]!r} was expected")
        self._pass(self._at + 1)
        return found

    def value(self) -> Any:
        """Take one value, whole.

        Raises:
            ConfigurationError: it is no JSON, or longer than any account.
        """
        self.next_character()
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                # It may only be cut where this piece ends. Each further piece is as long as what was read in vain.
                if len(self._text) - self._at > LONGEST or not self._more():
                    raise self.broken("is no valid JSON from there on") from None
                continue
            if end < len(self._text) or not self._more():
                self._pass(end)
                return value

    def broken(self, how: str) -> ConfigurationError:
        """Make the error that says what is wrong with the file, and where."""
        return ConfigurationError(f"{self._path.name} {how} (line {self.line})")

    def _more(self) -> bool:
        rest = self._text[self._at :]
        piece = self._file.read(max(_PIECE, len(rest)))
        self._text, self._at = rest + piece, 0
        return bool(piece)

    def _pass(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end
