"""Supabase's accounts out of a dump: the rows of three tables, put together by the user's id.

The dump is read twice. The first time identities and second factors are put aside, the second time the users come, each
with its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.records import Aside
from coatcheck.importing.files.sql_dump import DumpRow, dump_rows

_USERS: Final = "auth.users"
_FACTORS: Final = "auth.mfa_factors"
_PARTS: Final = {"auth.identities": "identities", _FACTORS: "mfa_factors"}
_AS_JSON: Final = ("identity_data", "web_authn_credential")


def dumped_users(path: Path) -> Iterator[Found | BadRow]:
    """Give every user of a dump in the form of the query.

    Raises:
        ConfigurationError: the dump cannot be read, or lacks a table.
    """
    with Aside() as aside:
        seen = set[str]()
        for row in dump_rows(path, _PARTS.keys(), seen):
            if isinstance(row, BadRow):
                yield row
            else:
                part = msgspec.json.encode({"part": _PARTS[row.table], "row": row.values}).decode()
                aside.put([(row.values.get("user_id", ""), part)])
        if missing := sorted({_USERS, _FACTORS} - seen):
            raise ConfigurationError(f"{path.name} has no table {missing[0]}: dump the whole schema auth")
        for row in dump_rows(path, {_USERS}):
            yield _with_parts(row, aside) if isinstance(row, DumpRow) else row


def _with_parts(row: DumpRow, aside: Aside) -> Found:
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in _PARTS.values()}
    for text in aside.of(row.values.get("id", "")):
        kept = msgspec.json.decode(text)
        of_it = kept["row"]
        parts[kept["part"]].append(of_it | {name: _read(of_it[name]) for name in _AS_JSON if name in of_it})
    return Found(row.where, row.values | parts)


def _read(text: str) -> object:
    """Read JSON within a row; what is none stays a text, and is told with its row."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text
