"""CSV as spreadsheets, databases and tools write it."""

from pathlib import Path

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.csv_rows import column_names, csv_rows
from coatcheck.importing.files.found import Found

PLAIN = 'id,Email\n1,ann@example.org\n"2","b ""en"", ✓"\n'


def written(tmp_path: Path, content: str | bytes) -> Path:
    """Write a file and give its path."""
    path = tmp_path / "users.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.rstrip().encode(),
        PLAIN.replace("id,Email\n1,", "id;Email\n1;").replace('"2",', '"2";').encode(),
        PLAIN.replace("id,Email\n1,", " id \tEMAIL\n1\t").replace('"2",', '"2"\t').encode("utf-16"),
        PLAIN.replace("\n", "\n\n").encode(),
    ],
    ids=["plain", "mark", "crlf", "cr", "no last break", "semicolon", "tab utf-16", "empty lines"],
)
def test_each_form_gives_the_same_rows(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    found = [each.values for each in csv_rows(path) if isinstance(each, Found)]
    assert found == [{"id": "1", "email": "ann@example.org"}, {"id": "2", "email": 'b "en", ✓'}]
    assert column_names(path) == ("id", "email")


def test_a_bad_row_is_told_by_its_line_and_the_others_come(tmp_path: Path) -> None:
    path = written(tmp_path, b'id,email\n1,a@b.example,x\n2\n3,"two\nlines"\n4,\xff\n5,e@b.example\n')
    rows = list(csv_rows(path))
    assert [each.where for each in rows] == ["line 2", "line 3", "lines 4 to 5", "line 6", "line 7"]
    assert [isinstance(each, BadRow) for each in rows] == [True, True, False, False, False]
    assert rows[0] == BadRow("line 2", "it has 3 cells where there are 2 columns")


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    rows = list(csv_rows(written(tmp_path, 'id,email\n1,"a@b.example\n2,c@d.example\n')))
    assert [each.where for each in rows] == ["lines 2 to 3"]
    assert isinstance(rows[0], BadRow)
    assert "quote" in rows[0].because


def test_a_quote_that_is_closed_far_below_takes_a_part_along_and_says_which(tmp_path: Path) -> None:
    far = "\n".join(f"{number},x" * 3 for number in range(20_000))
    rows = list(csv_rows(written(tmp_path, f'id,email\n1,"a\n{far}\n8,y\n')))
    assert isinstance(rows[0], BadRow)
    assert rows[0].where.startswith("lines 2 to ")


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        list(csv_rows(written(tmp_path, "id,email,Email \n1,a@b.example,c@d.example\n")))


def test_columns_that_the_file_does_not_name_are_given(tmp_path: Path) -> None:
    rows = list(csv_rows(written(tmp_path, "1,a@b.example,\n2,c@d.example\n3,x,y\n4,x,,\n"), columns=("id", "email")))
    assert [each.values for each in rows if isinstance(each, Found)] == [
        {"id": "1", "email": "a@b.example"},
        {"id": "2", "email": "c@d.example"},
    ]
    assert [each.where for each in rows if isinstance(each, BadRow)] == ["line 3", "line 4"]


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert list(csv_rows(written(tmp_path, ""))) == []
    assert column_names(tmp_path / "users.csv") == ()
