"""The bundled list of common passwords: long enough, and true to its README."""

import gzip
import unicodedata
from importlib.resources import files

import pytest

from coatcheck.passwords.common_passwords import is_common

DATA = files("coatcheck.passwords").joinpath("data")


@pytest.fixture(scope="module")
def entries() -> list[str]:
    return gzip.decompress(DATA.joinpath("common_passwords.txt.gz").read_bytes()).decode().splitlines()


def test_it_holds_what_its_readme_says(entries: list[str]) -> None:
    long = sum(len(entry) >= 15 for entry in entries)
    assert f"{len(entries):,} passwords" in DATA.joinpath("README.md").read_text()
    assert f"{len(entries) - long:,} of 8 to 14 characters and {long:,} of 15" in DATA.joinpath("README.md").read_text()


def test_it_holds_3000_that_match_the_policy_at_either_length(entries: list[str]) -> None:
    assert sum(len(entry) >= 15 for entry in entries) >= 3000
    assert sum(8 <= len(entry) < 15 for entry in entries) >= 3000


def test_every_entry_is_in_the_form_that_is_looked_up(entries: list[str]) -> None:
    assert entries == sorted(set(entries))
    assert all(entry == unicodedata.normalize("NFC", entry).casefold() and len(entry) >= 8 for entry in entries)


def test_first_last_and_middle_are_found_and_neighbours_are_not(entries: list[str]) -> None:
    for entry in (entries[0], entries[len(entries) // 2], entries[-1]):
        assert is_common(entry)
        assert not is_common(entry[1:])
    assert not is_common(f"{entries[0]}\n{entries[1]}")
    assert not is_common("")
