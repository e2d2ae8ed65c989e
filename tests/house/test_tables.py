"""Every table says who removes its rows: a moment that clean-up goes by, with an index, or the reason why they stay."""

import pytest
from sqlalchemy import Table

from coatcheck.storage.tables import metadata

TABLES = list(metadata.tables.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_says_how_its_rows_go(table: Table) -> None:
    assert len({"expires", "stays"} & table.info.keys()) == 1


@pytest.mark.parametrize("table", [table for table in TABLES if "expires" in table.info], ids=lambda table: table.name)
def test_clean_up_finds_what_has_run_out_by_an_index(table: Table) -> None:
    firsts = {next(iter(index.columns)).name for index in table.indexes}
    assert table.info["expires"] in firsts


@pytest.mark.parametrize("table", [table for table in TABLES if "stays" in table.info], ids=lambda table: table.name)
def test_what_stays_has_a_reason(table: Table) -> None:
    assert len(table.info["stays"].split()) > 3


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_secrets_are_stored_hashed_or_sealed(table: Table) -> None:
    assert [column.name for column in table.columns if column.name in {"secret", "token", "password", "link"}] == []
