"""`coatcheck audit`: its exit codes are what a timer looks at."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coatcheck.audit.seal import Sealer
from coatcheck.server.coatcheck import Coatcheck
from tests.cli.running import coatcheck


@pytest.fixture
async def sealed(folder: Path) -> Path:
    """Seal what `init` wrote, as a running server does."""
    auth = Coatcheck.from_config(folder / "coatcheck.toml")
    desk = await auth.open()
    try:
        assert await desk.keep(Sealer).seal_once() > 0
    finally:
        await auth.close()
    return folder


def test_an_untouched_trail(sealed: Path) -> None:
    verified = coatcheck("audit", "verify", folder=sealed)
    assert verified.returncode == 0, verified.stdout
    assert "Nothing was changed" in verified.stdout
    exported = [json.loads(line) for line in coatcheck("audit", "export", folder=sealed).stdout.splitlines()]
    assert [each["event"] for each in exported] == ["role.created"]


def test_a_changed_row(sealed: Path) -> None:
    with closing(sqlite3.connect(sealed / "coatcheck.db")) as db, db:
        assert db.execute("UPDATE audit_events SET actor = 'acc_somebody'").rowcount == 1
    verified = coatcheck("audit", "verify", "--json", folder=sealed)
    assert verified.returncode == 1
    assert [each["kind"] for each in json.loads(verified.stdout)["findings"]] == ["edited"]


def test_a_cut_tail(sealed: Path) -> None:
    (sealed / "kept.jsonl").write_text(json.dumps({"number": 9, "mac": "0" * 64, "at": "1970-01-01T00:00:00Z"}) + "\n")
    verified = coatcheck("audit", "verify", "--checkpoints", "kept.jsonl", folder=sealed)
    assert (verified.returncode, "cut tail" in verified.stdout) == (1, True)


def test_checkpoints_that_are_none(sealed: Path) -> None:
    missing = coatcheck("audit", "verify", "--checkpoints", "none.jsonl", folder=sealed)
    assert (missing.returncode, "Traceback" in missing.stderr) == (2, False)


def test_details_in_words(folder: Path) -> None:
    assert coatcheck("role", "create", "editor", folder=folder).returncode == 0
    shown = coatcheck("audit", "show", "--event", "role.created", "--limit", "1", folder=folder).stdout
    assert "permissions none, role editor" in " ".join(shown.split())
