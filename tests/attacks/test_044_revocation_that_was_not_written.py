"""Attack 44: CVE-2020-15223, Ory fosite: a storage error at revocation is swallowed: told "revoked", the token lives.

Here "200" is said after the commit: when the database does not take it the answer is 503, the token lives, and asking
again takes it back.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coatcheck.storage import engine
from tests.clients.machines import REVOKE, machine
from tests.site import Site


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the lock of the database for one second in the place of ten."""
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 1)


async def test_it_is_503_and_not_told_done(site: Site, tmp_path: Path) -> None:
    made = await machine(site)
    token = await made.token()
    assert await made.counts(token) is True
    with closing(sqlite3.connect(tmp_path / "site.db", isolation_level=None)) as stranger:
        stranger.execute("BEGIN EXCLUSIVE")
        stranger.execute("DELETE FROM status_indices")
        answer = await made.ask(REVOKE, token=token)
        stranger.execute("ROLLBACK")
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"]
    assert await made.counts(token) is True
    assert (await made.ask(REVOKE, token=token)).status_code == 200
    assert await made.counts(token) is False
