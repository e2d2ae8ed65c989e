"""A hundred thousand accounts from FastAPI-Users, by the command line: killed half-way, and gone on with."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.running import ENVIRON, coatcheck, running
from tests.importing.fastapi_app import HELPER, app_in_file, user
from tests.importing.sites import OLD

MANY = 100_000
MEMORY_MIB = 200


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_hundred_thousand_killed_half_way(tmp_path: Path) -> None:
    hashed = HELPER.hash(OLD)
    url = app_in_file(tmp_path / "app.db", (user(f"p{number}@example.org", hashed) for number in range(MANY)))
    assert coatcheck("init", "site", folder=tmp_path).returncode == 0
    site = tmp_path / "site"
    with running(["-m", "coatcheck", "import", "fastapi-users", url, "--yes"], site) as begun:
        while _kept(site) < MANY // 2:
            assert begun.process.poll() is None, begun.log.read_text()
            time.sleep(0.05)
        begun.process.send_signal(signal.SIGKILL)
        begun.process.wait(timeout=60)
    half = _kept(site)
    assert MANY // 2 <= half < MANY

    started, peak = time.monotonic(), 0
    command = [sys.executable, "-m", "coatcheck", "import", "fastapi-users", url, "--yes", "--json"]
    with (tmp_path / "report.json").open("w") as report:
        going_on = subprocess.Popen(command, cwd=site, env=ENVIRON, stdout=report)
        while going_on.poll() is None:
            peak = _peak(going_on.pid) or peak
            time.sleep(0.1)
    took = time.monotonic() - started
    facts = json.loads((tmp_path / "report.json").read_text())
    assert (going_on.returncode, facts["rows"], facts["here"], facts["came"]) == (0, MANY, half, MANY - half)
    with sqlite3.connect(site / "coatcheck.db") as here, sqlite3.connect(tmp_path / "app.db") as there:
        mine = here.execute("SELECT email FROM accounts ORDER BY email").fetchall()
        assert mine == there.execute("SELECT email FROM user ORDER BY email").fetchall(), "none twice, none lost"
        assert here.execute("SELECT count(*) FROM passwords WHERE hash = ?", (hashed,)).fetchone() == (MANY,)
        ids = here.execute("SELECT count(DISTINCT external_id), count(DISTINCT account) FROM imported_accounts")
        assert ids.fetchone() == (MANY, MANY)
    print(f"\nthe second half: {MANY - half:,} accounts in {took:.0f} s, peak {peak} MiB", file=sys.stderr)  # noqa: T201 (CI shows it)
    assert 0 < peak < MEMORY_MIB


def _peak(pid: int) -> int:
    """Give the most memory a process has had, in MiB; 0 once it is gone; `ru_maxrss` would tell of its parent."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) >> 10 if found else 0
    return 0


def _kept(site: Path) -> int:
    with sqlite3.connect(site / "coatcheck.db") as db:
        return int(db.execute("SELECT count(*) FROM imported_accounts").fetchone()[0])
