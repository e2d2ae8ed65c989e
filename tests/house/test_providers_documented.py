"""docs/providers.md lists every entry, and its samples are settings that start."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from coatcheck.upstream.entries.entry import entry_names, read_entry
from tests.upstream.tables import providers, write_key
from tools.make_providers_doc import PAGE, page

SAMPLES = re.findall(r"(?:^ {4,}\S.*\n|^\n(?= {4,}\S))+", PAGE.read_text("utf-8"), re.MULTILINE)
TABLES = [sample for sample in SAMPLES if "[providers." in sample]


def test_the_tables_are_up_to_date() -> None:
    text = PAGE.read_text("utf-8")
    assert text == page(text), "run `python tools/make_providers_doc.py`"


@pytest.mark.parametrize("name", entry_names())
def test_every_entry_stands_there_with_its_pages(name: str) -> None:
    [row] = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{name}` |")]
    entry = read_entry(name)
    assert all(f"({each.page})" in row for each in entry.docs)
    assert f"| {entry.read} | not tried live |" in row


def test_there_are_samples() -> None:
    assert len(TABLES) >= 8


@pytest.mark.parametrize("sample", TABLES, ids=lambda sample: sample.split("]")[0].strip())
def test_a_sample_starts(sample: str, tmp_path: Path) -> None:
    lines = [line for line in sample.splitlines() if not line.strip().startswith("COATCHECK_")]
    name: str
    [(name, table)] = tomllib.loads("\n".join(line.strip() for line in lines))["providers"].items()
    given: dict[str, Any] = {**table, "client_secret": "from the environment"}
    if "key_file" in given:
        write_key(tmp_path / given["key_file"], ec.generate_private_key(ec.SECP256R1()))
    tables: dict[str, Any] = {name: given}
    [made] = providers(tmp_path, **tables)
    assert made.name == name
