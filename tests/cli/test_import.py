"""`coatcheck import`: what it prints and what it answers with, and that a killed one is gone on with."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import ENVIRON, coatcheck, running
from tests.importing.fastapi_app import HELPER, app_in_file, user
from tests.importing.sites import OLD
from tests.site import open_site, sign_in

COUNTS = """
    SELECT (SELECT count(*) FROM accounts), (SELECT count(DISTINCT email) FROM accounts),
           (SELECT count(*) FROM passwords), (SELECT count(*) FROM imported_accounts),
           (SELECT count(*) FROM audit_events WHERE event = 'account.imported')
"""


def counts(folder: Path) -> set[int]:
    """Count what every account has one of: one number, where nobody came over in part."""
    with sqlite3.connect(folder / "coatcheck.db") as db:
        return set(db.execute(COUNTS).fetchone())


@pytest.fixture
def app(tmp_path: Path) -> str:
    """Make an app with three people, one of whom cannot come."""
    people = [user("ann@example.org", HELPER.hash(OLD), is_superuser=True), user("ben@example.org", "md5$x")]
    return app_in_file(tmp_path / "app.db", [*people, user("cem@example.org", "", is_verified=False)])


async def test_story(folder: Path, app: str, tmp_path: Path) -> None:
    dry = coatcheck("import", "fastapi-users", app, folder=folder)
    assert dry.returncode == 1, "somebody cannot come"
    assert "2 of 3 accounts would come over" in dry.stdout
    assert "the role is_superuser becomes nothing" in dry.stdout
    assert "a dry run" in dry.stdout
    assert counts(folder) == {0}

    assert coatcheck("role", "create", "root", folder=folder).returncode == 0
    order = (
        "import",
        "fastapi-users",
        "--yes",
        "--role",
        "is_superuser=root",
        "--bad-rows",
        "bad.jsonl",
        "--ids",
        "ids.csv",
    )
    done = coatcheck(*order, folder=folder, environ={"COATCHECK_IMPORT_FROM": app})
    assert (done.returncode, done.stderr) == (1, "")
    [bad] = (folder / "bad.jsonl").read_text().splitlines()
    assert json.loads(bad)["because"] == "its password: the stored hash is of no scheme we read"
    shown = json.loads(coatcheck("account", "show", "ann@example.org", "--json", folder=folder).stdout)
    assert (shown["roles"], shown["email_proven"]) == (["root"], True)
    assert shown["id"] in (folder / "ids.csv").read_text()

    again = coatcheck("import", "fastapi-users", app, "--yes", "--json", folder=folder)
    facts = json.loads(again.stdout)
    assert (facts["came"], facts["here"], facts["bad"], facts["is_dry"]) == (0, 2, 1, False)
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", tmp_path, **key) as site:
        assert (await sign_in(site.browser(), "ann@example.org", OLD)).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("sqlite:///nowhere.db",), 2, "no database file"),
        (("nonsense",), 2, "no URL of a database"),
        (("APP", "--table", "people"), 2, "no table people"),
        (("APP", "--role", "is_superuser=root"), 1, "coatcheck role create root"),
        (("APP", "--role", "nonsense"), 1, "--role SOURCE=OURS"),
        (("APP", "--provider", "github=github"), 1, "no provider github"),
        (("APP", "--bad-rows", "no/such/folder"), 2, "cannot be written"),
        (("APP", "--as", "Not A Name"), 1, "A source is named by"),
        ((), 2, "Missing argument"),
    ],
    ids=["no file", "no url", "no table", "no role", "no pair", "no provider", "no folder", "no name", "nothing"],
)
def test_what_is_refused(folder: Path, app: str, arguments: tuple[str, ...], code: int, says: str) -> None:
    given = [app if each == "APP" else each for each in arguments]
    refused = coatcheck("import", "fastapi-users", *given, "--yes", folder=folder)
    assert (refused.returncode, says in " ".join(refused.stderr.split())) == (code, True), refused.stderr
    assert counts(folder) == {0}


def test_stopped_twice_and_gone_on_with(folder: Path, tmp_path: Path) -> None:
    """Killed as a lost machine does it, and stopped by Ctrl-C, wherever it is just then: none twice, none lost."""
    many, hashed = 3000, HELPER.hash(OLD)
    url = app_in_file(tmp_path / "app.db", (user(f"p{number}@example.org", hashed) for number in range(many)))
    for least, by, code in ((1, signal.SIGKILL, -signal.SIGKILL), (1200, signal.SIGINT, 130)):
        assert _stop_at(folder, url, least, by) == code
        kept = counts(folder)
        assert len(kept) == 1, "nobody came over in part"
        assert least <= min(kept) < many
    done = coatcheck("import", "fastapi-users", url, "--yes", "--json", folder=folder)
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["here"], facts["came"]) == (0, min(kept), many - min(kept))
    assert counts(folder) == {many}


def _stop_at(folder: Path, url: str, least: int, by: signal.Signals) -> int:
    """Start an import, stop it once so many are kept, and give its exit code."""
    with (
        running(["-m", "coatcheck", "import", "fastapi-users", url, "--yes"], folder) as begun,
        closing(sqlite3.connect(folder / "coatcheck.db", isolation_level=None, timeout=60)) as holding,
    ):
        while max(counts(folder)) < least:
            assert begun.process.poll() is None, begun.log.read_text()
            time.sleep(0.002)
        holding.execute("BEGIN IMMEDIATE")  # so that it is not done before the signal comes
        begun.process.send_signal(by)
        holding.execute("ROLLBACK")
        return begun.process.wait(timeout=60)


def test_a_bar_on_a_terminal_alone(folder: Path, app: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "coatcheck", "import", "fastapi-users", app, "--json"]
    environ = {**ENVIRON, "TERM": "xterm-256color", "COLUMNS": "100"}
    done = subprocess.run(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=60, check=False
    )  # fmt: skip
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert "Importing" in shown
    assert "3/3" in shown
    assert json.loads(done.stdout)["came"] == 2
    assert coatcheck("import", "fastapi-users", app, folder=folder).stderr == ""
