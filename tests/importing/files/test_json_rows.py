"""JSON by lines and by arrays: a row at a time, each with its place, whatever their size."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.json_rows import json_rows

ANN, BEN = {"id": "1", "name": "Ann ✓"}, {"id": "2", "tags": [1, {"deep": "]}"}]}


def written(path: Path, text: str | bytes) -> Path:
    """Write a file and give its path."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def values_of(path: Path, under: str | None = None) -> list[dict[str, Any]]:
    """Read a file all of whose rows are good."""
    rows = list(json_rows(path, under=under))
    assert all(isinstance(each, Found) for each in rows)
    return [each.values for each in rows if isinstance(each, Found)]


LINES = json.dumps(ANN) + "\n" + json.dumps(BEN) + "\n"
ARRAY = json.dumps([ANN, BEN], indent=2, ensure_ascii=False)
UNDER = json.dumps({"realm": "x", "roles": {"users": [{"id": "no"}]}, "users": [ANN, BEN], "more": 1}, indent=1)


@pytest.mark.parametrize(
    ("content", "under"),
    [
        (LINES.encode(), None),
        (LINES.replace("\n", "\r\n\r\n").encode(), None),
        (LINES.rstrip().encode(), None),
        (ARRAY.encode(), None),
        (ARRAY.encode(), "users"),
        (UNDER.encode(), "users"),
        (UNDER.encode("utf-8-sig"), "users"),
        (ARRAY.encode("utf-16"), None),
        (LINES.encode("utf-16"), None),
        (gzip.compress(LINES.encode(), mtime=0), None),
    ],
    ids=["lines", "crlf", "no last break", "array", "array anyway", "under", "mark", "utf-16", "lines utf-16", "gzip"],
)
def test_each_form_gives_the_same_rows(tmp_path: Path, content: bytes, under: str | None) -> None:
    assert values_of(written(tmp_path / "users.json", content), under) == [ANN, BEN]


@pytest.mark.parametrize(("content", "under"), [("", None), (" \n", None), ("[]", None), ('{"users": []}', "users")])
def test_nothing_gives_no_rows(tmp_path: Path, content: str, under: str | None) -> None:
    assert values_of(written(tmp_path / "users.json", content), under) == []


def test_a_bad_line_is_told_and_the_others_come(tmp_path: Path) -> None:
    content = json.dumps(ANN).encode() + b'\n{"id": \n[1]\n{"id": "\xff"}\n' + json.dumps(BEN).encode()
    rows = list(json_rows(written(tmp_path / "users.json", content)))
    assert [each.where for each in rows] == ["line 1", "line 2", "line 3", "line 4", "line 5"]
    assert [type(each) for each in rows] == [Found, BadRow, BadRow, BadRow, Found]


def test_an_array_tells_the_line_of_each_row_and_of_what_is_no_object(tmp_path: Path) -> None:
    rows = list(json_rows(written(tmp_path / "users.json", '[\n{"id": "1"},\n 7,\n\n{"id": \n"2"}]')))
    assert [each.where for each in rows] == ["line 2", "line 3", "line 5"]
    assert isinstance(rows[1], BadRow)


@pytest.mark.parametrize(
    "content",
    [
        "[{}",
        '[{"id": 1}, {"id":',
        "[{} {}]",
        "[{},]",
        "7",
        "users",
        '["' + "a" * 200_000,
        "[" * 100_000,
        '{"users": 1}',
    ],
    ids=["open", "cut", "no comma", "comma", "number", "word", "open text", "deep", "no array"],
)
def test_a_file_that_is_broken_is_refused_with_its_line_and_without_its_content(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        list(json_rows(written(tmp_path / "users.json", content), under="users"))
    said = str(refused.value)
    assert "line" in said
    assert len(said) < 120


@pytest.mark.parametrize("content", [gzip.compress(LINES.encode(), mtime=0)[:-20], LINES.encode("utf-16")[:-1]])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigurationError):
        list(json_rows(written(tmp_path / "users.json", content)))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        list(json_rows(tmp_path / "users.json"))
    assert "No such file" in str(refused.value)


def test_a_large_array_is_never_held_whole(tmp_path: Path) -> None:
    rows = 20_000
    with (tmp_path / "users.json").open("w") as file:
        file.write('{"realm": "x", "users": [')
        file.write(",\n".join(json.dumps({"id": str(number), "filler": "x" * 200}) for number in range(rows)))
        file.write("]}")
    tracemalloc.start()
    try:
        found = sum(isinstance(each, Found) for each in json_rows(tmp_path / "users.json", under="users"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == rows
    assert most < 1_500_000  # the file has nearly five million bytes


def test_an_object_without_an_end_is_given_up_long_before_the_file_is_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "users.json").open("w") as file:
        file.write('[{"id": "')
        file.truncate(1_000_000_000)  # it takes no room on a disk
    tracemalloc.start()
    try:
        with pytest.raises(ConfigurationError, match="no valid JSON"):
            list(json_rows(tmp_path / "users.json"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 200_000_000


@pytest.mark.parametrize("shift", range(3))
def test_a_number_that_two_pieces_of_the_file_share_is_one_number(tmp_path: Path, shift: int) -> None:
    start = '{"filler": "' + "x" * (65_536 - 24 - shift)
    path = written(tmp_path / "users.json", start + '", "n": 1234567, "users": [{"id": 1}]}')
    assert values_of(path, "users") == [{"id": 1}]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=40) | st.integers() | st.floats(allow_nan=False)))
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = tmp_path_factory.mktemp("rows") / "users.json"
    assert values_of(written(path, json.dumps(rows))) == rows
    assert values_of(written(path, json.dumps({"a": rows, "users": rows})), "users") == rows
