"""What the tests of sources share: writing an export, and reading a source to its end."""

import json
from collections.abc import Iterable
from pathlib import Path

from coatcheck.importing.account import BadRow, ImportedAccount, Source
from coatcheck.passwords import schemes


def lines(path: Path, rows: Iterable[object]) -> Path:
    """Write rows as JSON, one a line."""
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")
    return path


def array(path: Path, rows: Iterable[object]) -> Path:
    """Write rows as one JSON array, as tools print it."""
    path.write_text(json.dumps(list(rows), indent=2), "utf-8")
    return path


def accounts(source: Source) -> list[ImportedAccount]:
    """Read a source all of whose rows are good."""
    rows = list(source.rows())
    assert [each for each in rows if isinstance(each, BadRow)] == []
    return [each for each in rows if isinstance(each, ImportedAccount)]


def only(source: Source) -> ImportedAccount:
    """Read a source of one good row."""
    (account,) = accounts(source)
    return account


def bad(source: Source) -> list[BadRow]:
    """Read a source and give its bad rows."""
    return [each for each in source.rows() if isinstance(each, BadRow)]


def opens(account: ImportedAccount, password: str) -> bool:
    """Say whether a password is the one of an account that came."""
    assert account.password is not None
    stored = schemes.read(account.password.text)
    assert not stored.verify(password + "x")
    return stored.verify(password)
