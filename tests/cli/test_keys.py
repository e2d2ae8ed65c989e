"""`coatcheck keys`: one story of a key, and a leak."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coatcheck.keys.sign import sign_jws
from tests.cli.running import coatcheck
from tests.keys.sites import keys_of
from tests.site import open_site


def listed(folder: Path) -> list[dict[str, Any]]:
    """List the keys as a program would."""
    done = coatcheck("keys", "list", "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_story(folder: Path) -> None:
    none = coatcheck("keys", "list", folder=folder)
    assert (none.returncode, "No signing keys" in none.stdout, listed(folder)) == (0, True, [])

    first = coatcheck("keys", "rotate", folder=folder)
    assert first.returncode == 0, first.stderr
    [signing] = listed(folder)
    assert (signing["state"], signing["algorithm"], signing["retires_at"]) == ("signing", "RS256", None)

    second = coatcheck("keys", "rotate", folder=folder)
    [before, after] = listed(folder)
    assert (before["kid"], before["state"], after["state"]) == (signing["kid"], "signing", "published")
    assert before["retires_at"] == after["signs_from"]
    assert second.stdout.startswith(f"{after['kid']} is published and signs from 20")

    again = coatcheck("keys", "rotate", folder=folder)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"coatcheck: the key {after['kid']} is published already and does not sign yet\n"

    leaked = coatcheck("keys", "rotate", "--emergency", folder=folder)
    [only] = listed(folder)
    assert (only["state"], only["kid"] in {before["kid"], after["kid"]}) == ("signing", False)
    assert leaked.stdout.startswith(f"All signing keys were replaced by {only['kid']}.")
    table = coatcheck("keys", "list", folder=folder).stdout
    assert only["kid"] in table
    assert "private" not in table.lower()

    events = coatcheck("audit", "show", "--json", folder=folder).stdout
    assert [events.count(f'"{name}"') for name in ("keys.rotated", "keys.replaced")] == [2, 1]


async def test_a_running_server_heeds_it(folder: Path) -> None:
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        leaked = await keys_of(site).current()
        assert sign_jws(leaked, "at+jwt", b"{}")
        done = coatcheck("keys", "rotate", "--emergency", folder=folder)
        assert done.returncode == 0, done.stderr
        await site.follow_log()
        assert keys_of(site).verifying(leaked.kid) is None
        assert (await keys_of(site).current()).kid == listed(folder)[0]["kid"]


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["keys", "list"], ["keys", "rotate", "--emergency"]])
def test_a_key_that_cannot_be_read(folder: Path, command: list[str]) -> None:
    """Serving names the way out, and the way out is open."""
    assert coatcheck("keys", "rotate", folder=folder).returncode == 0
    with closing(sqlite3.connect(folder / "coatcheck.db")) as db, db:
        db.execute("UPDATE signing_keys SET private = x'00'")
    done = coatcheck(*command, folder=folder)
    if command[0] == "serve":
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "coatcheck keys rotate --emergency" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
