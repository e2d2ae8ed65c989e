"""`coatcheck migrate`, and what the other commands say of a database that does not fit."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coatcheck.storage import migrate
from tests.cli.running import coatcheck, running

VERSIONS = Path(migrate.__file__).parent / "migrations" / "versions"
MADE = re.compile(r'create_table\(\s*"(\w+)"')
ADDED = re.compile(r'add_column\(\s*"(\w+)", sa.Column\("(\w+)"')


def revision(folder: Path, number: str | None = None) -> str:
    """Read the database's revision, or put another there."""
    with closing(sqlite3.connect(folder / "coatcheck.db")) as db, db:
        if number is not None:
            db.execute("UPDATE coatcheck_version SET version_num = ?", (number,))
        return str(db.execute("SELECT version_num FROM coatcheck_version").fetchone()[0])


def era(folder: Path) -> str:
    """Read the era of the revocation log."""
    with closing(sqlite3.connect(folder / "coatcheck.db")) as db:
        return str(db.execute("SELECT era FROM revocation_head").fetchone()[0])


def test_an_up_to_date_database_stays(folder: Path) -> None:
    before = revision(folder), era(folder)
    done = coatcheck("migrate", folder=folder)
    assert (done.returncode, done.stdout) == (0, "The database is up to date; nothing was changed.\n")
    assert (revision(folder), era(folder)) == before


def test_an_empty_database_gets_its_tables(folder: Path) -> None:
    (folder / "coatcheck.db").unlink()
    done = coatcheck("migrate", folder=folder)
    assert (done.returncode, done.stdout) == (0, "The database was empty: its tables are made.\n")
    assert revision(folder)


def test_a_restored_backup_begins_a_new_era(folder: Path) -> None:
    before = era(folder)
    done = coatcheck("migrate", "--restored", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "A new era" in done.stdout
    assert era(folder) != before


def as_first_released(folder: Path) -> None:
    """Turn a database into one of the first release: without what later migrations made."""
    later = [path.read_text() for path in VERSIONS.glob("0*.py") if not path.name.startswith("0001")]
    with closing(sqlite3.connect(folder / "coatcheck.db")) as db, db:
        made = MADE.findall("\n".join(later))
        for table in made:
            db.execute(f"DROP TABLE {table}")
        for table, column in [each for each in ADDED.findall("\n".join(later)) if each[0] not in made]:
            db.execute(f"DROP INDEX IF EXISTS ix_{table}_{column}")
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    revision(folder, "0001")


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["account", "show", "ann@example.org"]])
def test_an_older_database_is_refused_and_the_way_out_is_named(folder: Path, command: list[str]) -> None:
    as_first_released(folder)
    refused = coatcheck(*command, folder=folder)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the database is older than this Coatcheck" in refused.stderr
    assert "run `coatcheck migrate`" in refused.stderr
    assert refused.stderr.count("\n") == 1, "one sentence, no traceback"
    assert revision(folder) == "0001", "nobody migrates by starting a server"


def test_an_older_database_is_brought_up_with_all_it_holds(folder: Path) -> None:
    assert coatcheck("account", "create", "ann@example.org", "--no-password", folder=folder).returncode == 0
    before = era(folder), coatcheck("account", "show", "ann@example.org", "--json", folder=folder).stdout
    as_first_released(folder)
    done = coatcheck("migrate", folder=folder)
    assert (done.returncode, done.stdout) == (0, "The database was older: it is up to date now.\n")
    assert (era(folder), coatcheck("account", "show", "ann@example.org", "--json", folder=folder).stdout) == before
    assert coatcheck("keys", "rotate", folder=folder).returncode == 0
    with running(["-m", "coatcheck", "serve", "--port", "0"], folder) as server:
        server.until("serves http://localhost:")
        assert server.interrupt() == 0


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["migrate"]])
def test_a_newer_database_is_refused(folder: Path, command: list[str]) -> None:
    revision(folder, "9999")
    refused = coatcheck(*command, folder=folder)
    assert refused.returncode == 2
    assert "newer Coatcheck" in refused.stderr
    assert "pip install --upgrade" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert revision(folder) == "9999"
