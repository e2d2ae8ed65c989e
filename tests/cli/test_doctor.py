"""`coatcheck doctor`: what a fresh folder and the demo are told, exit codes, and the permit's file."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coatcheck.doctor.permit import read_permit
from coatcheck.doctor.principles import PRINCIPLES
from coatcheck.server.coatcheck import Coatcheck
from tests.cli.running import coatcheck
from tools.demo import Sample, empty, make
from tools.demo_provider import DemoProvider

FRESH = {
    "public-url-missing",
    "passwords-leaked",
    "mail-not-sent",
    "audit-no-checkpoints",
    "admins-by-password",
}
"""What `coatcheck init` leaves to its operator."""

DEMO = {
    *FRESH,
    "settings-readable",
    "sample-accounts",
    "mailed-codes-alone",
    "admin-without-second-factor",
}
"""What `make demo` is for a laptop, and must not be elsewhere."""


def told(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the doctor; give its exit code and what it says to programs."""
    done = coatcheck("doctor", "--json", *options, folder=folder)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


def found(report: dict[str, Any]) -> set[str]:
    """Name what was found."""
    outcomes = [each for section in report["sections"] for each in section["outcomes"]]
    return {each["code"] for each in outcomes if each["kind"] == "finding"}


def test_a_fresh_folder(folder: Path) -> None:
    code, report = told(folder)
    assert (code, report["ok"], report["target"]) == (1, False, "coatcheck.toml")
    assert [section["name"] for section in report["sections"]] == list(PRINCIPLES)
    assert found(report) == FRESH
    assert all(section["outcomes"] for section in report["sections"])


def test_the_table(folder: Path) -> None:
    shown = coatcheck("doctor", folder=folder)
    assert shown.returncode == 1
    lines = [line.rstrip() for line in shown.stdout.splitlines()]
    for number, name in enumerate(PRINCIPLES, 1):
        assert f"{number}. {name}" in lines
    assert '        public_url = "https://auth.example.org"' in lines, "a line to copy stands alone"
    assert lines[-1] == "✗ 5 findings: 1 high, 2 medium, 2 low."


def test_what_was_repaired_is_found_no_more(folder: Path) -> None:
    config = folder / "coatcheck.toml"
    words = config.read_text()
    words = words.replace("[server]\n", '[server]\npublic_url = "https://auth.example.com"\n')
    words = words.replace("[mail]\n", '[mail]\nsmtp_url = "smtp://127.0.0.1:1"\nsender = "X <x@example.com>"\n')
    words += '[passwords]\nbreached_check = true\n[sign_in]\nrole_levels = ["admin = aal2"]\n'
    words += '[audit]\ncheckpoint_file = "checkpoints.jsonl"\n'
    config.write_text(words)
    code, report = told(folder)
    assert (code, found(report)) == (1, {"mail-server-refuses"})


async def test_the_demo(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    people = [Sample("ann@example.org", ("admin", "editor")), Sample("ben@example.org", ())]
    async with DemoProvider([person.email for person in people]) as provider:
        config = empty(data, provider.table)
        config.chmod(0o644)  # as most people's files are made
        auth = Coatcheck.from_config(config)
        desk = await auth.open()
        try:
            for person in people:
                await make(desk, person, "http://localhost:8400/auth")
        finally:
            await auth.close()
        code, report = told(data)
    assert (code, found(report)) == (1, DEMO)


def test_nothing_is_changed_by_looking(folder: Path) -> None:
    def rows() -> list[int]:
        with closing(sqlite3.connect(folder / "coatcheck.db")) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in sorted(tables)]

    before = rows()
    coatcheck("doctor", folder=folder)
    assert rows() == before


def test_a_database_that_is_not_there_is_not_made(folder: Path) -> None:
    (folder / "coatcheck.db").unlink()
    code, report = told(folder)
    assert code == 1
    assert "database-empty" in found(report)
    assert not (folder / "coatcheck.db").exists()


def test_a_database_of_an_older_release(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "coatcheck.db")) as db, db:
        db.execute("UPDATE coatcheck_version SET version_num = '0001'")
    code, report = told(folder)
    assert (code, "database-old" in found(report)) == (1, True)
    outcomes = [each for section in report["sections"] for each in section["outcomes"]]
    assert {each["because"] for each in outcomes if each["kind"] == "not_run"} == {"the database must fit first"}


@pytest.mark.parametrize("fault", ["no file", "bad setting", "key that others read"])
def test_what_cannot_run_is_no_finding(folder: Path, fault: str) -> None:
    if fault == "no file":
        (folder / "coatcheck.toml").unlink()
    elif fault == "bad setting":
        (folder / "coatcheck.toml").write_text("[limits]\ntries = 0\n")
    else:
        (folder / "master.key").chmod(0o644)
    done = coatcheck("doctor", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("coatcheck: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_permit(folder: Path) -> None:
    made = coatcheck("doctor", "permit", "--out", "permit.json", folder=folder)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1] == "coatcheck doctor http://localhost:8400 --permit permit.json"
    file = folder / "permit.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    permit = read_permit(file)
    again = coatcheck("doctor", "permit", "--out", "permit.json", folder=folder)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert read_permit(file) == permit
    with closing(sqlite3.connect(folder / "coatcheck.db")) as db:
        assert db.execute("SELECT count(*) FROM doctor_permits").fetchone() == (1,)


def test_a_permit_printed(folder: Path) -> None:
    url, mail_to = "http://localhost:8000/auth/", "ops+doctor@example.org"
    made = coatcheck("doctor", "permit", "--url", url, "--mail-to", mail_to, folder=folder)
    permit = json.loads(made.stdout)
    assert (permit["url"], permit["email"]) == ("http://localhost:8000/auth", mail_to)
    again = coatcheck("doctor", "permit", "--mail-to", mail_to, folder=folder)
    assert (again.returncode, again.stdout) == (1, "")
    assert mail_to in again.stderr


def test_no_address(folder: Path) -> None:
    done = coatcheck("doctor", "auth.example.org", folder=folder)
    said = "coatcheck: auth.example.org is no address: write https://auth.example.org\n"
    assert (done.returncode, done.stderr) == (2, said)
    typo = coatcheck("doctor", "permt", folder=folder)
    assert (typo.returncode, "permt" in typo.stderr) == (2, True)
    bad = coatcheck("doctor", "https://auth.example.org", "--permit", "coatcheck.toml", folder=folder)
    assert (bad.returncode, "holds no permit" in bad.stderr) == (2, True)
