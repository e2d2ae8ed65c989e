"""Plain dumps of PostgreSQL, as pg_dump and `supabase db dump` write them."""

from pathlib import Path

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.sql_dump import DumpRow, dump_rows

DUMP = r"""--
-- PostgreSQL database dump
--

SET client_encoding = 'UTF8';

COPY auth.audit_log_entries (instance_id, payload) FROM stdin;
1	COPY auth.users (id, name) FROM stdin;
\.


COPY auth.users (id, "name", note) FROM stdin;
1	Ann ✓	tab\there\\n
2	\N	{empty}
3	short
\.

COPY "auth"."identities" ("id", "user_id") FROM stdin;
\.
""".replace("{empty}", "")


def written(tmp_path: Path, text: str) -> Path:
    """Write a dump and give its path."""
    path = tmp_path / "users.sql"
    path.write_bytes(text.encode())
    return path


def test_the_rows_of_the_wanted_tables_are_given_with_their_lines(tmp_path: Path) -> None:
    seen = set[str]()
    rows = list(dump_rows(written(tmp_path, DUMP), {"auth.users"}, seen))
    assert rows == [
        DumpRow("auth.users", "line 13", {"id": "1", "name": "Ann ✓", "note": "tab\there\\n"}),
        DumpRow("auth.users", "line 14", {"id": "2", "note": ""}),
        BadRow("line 15", "it has 2 values where auth.users has 3 columns"),
    ]
    assert seen == {"auth.audit_log_entries", "auth.users", "auth.identities"}


def test_quoted_names_and_windows_line_ends_make_no_difference(tmp_path: Path) -> None:
    quoted = DUMP.replace("auth.users (id", '"auth"."users" ("id"').replace("\n", "\r\n")
    found = list(dump_rows(written(tmp_path, quoted), {"auth.users"}))
    assert found == list(dump_rows(written(tmp_path, DUMP), {"auth.users"}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DUMP.partition("3\tshort")[0], "ends within auth.users"),
        ('INSERT INTO "auth"."users" ("id") VALUES (1);\n', "INSERT"),
        ("PGDMP\x01\x0f", "pg_restore"),
    ],
    ids=["cut", "inserts", "custom"],
)
def test_a_dump_of_another_form_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        list(dump_rows(written(tmp_path, text), {"auth.users"}))


def test_a_row_prints_nothing_of_its_values() -> None:
    assert "sesame" not in repr(DumpRow("auth.users", "line 1", {"secret": "sesame"}))
