"""`coatcheck import` of files: a story of each source, from its export to the first sign-in."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import coatcheck
from tests.importing.sources import test_auth0 as auth0
from tests.importing.sources import test_firebase as firebase
from tests.importing.sources import test_keycloak as keycloak
from tests.importing.sources import test_supabase as supabase
from tests.importing.sources.exports import lines
from tests.site import open_site, sign_in

PAGE = (Path(__file__).parents[2] / "docs" / "importing-others.md").read_text("utf-8")


def export_of(source: str, folder: Path) -> list[str]:
    """Write one account's export, and give what the command takes."""
    match source:
        case "auth0":
            hashes = lines(folder / "hashes.ndjson", [auth0.ANNS_HASH])
            return [str(lines(folder / "users.ndjson", [auth0.ANN])), "--hashes", str(hashes)]
        case "firebase":
            (folder / "config.txt").write_text(firebase.CONSOLE)
            return [str(firebase.export(folder, firebase.ANN)), "--hash-config", str(folder / "config.txt")]
        case "keycloak":
            return [str(keycloak.realm(folder, keycloak.ANN))]
        case "supabase":
            return [str(lines(folder / "users.ndjson", [supabase.ANN | {"mfa_factors": []}]))]
    (folder / "accounts.csv").write_text(PAGE.partition("```csv\n")[2].partition("```")[0])
    return [str(folder / "accounts.csv")]


PASSWORDS = {
    "auth0": "hello",
    "firebase": "user1password",
    "keycloak": "iceberg",
    "supabase": "test",
    "lines": "hello",
}


@pytest.mark.parametrize("source", PASSWORDS)
async def test_story(source: str, folder: Path, tmp_path: Path) -> None:
    order = ["import", source, *export_of(source, tmp_path), "--json"]
    dry = coatcheck(*order, folder=folder)
    assert dry.stderr == ""
    done = coatcheck(*order, "--yes", folder=folder)
    facts = json.loads(done.stdout)
    assert facts["came"] == json.loads(dry.stdout)["came"] > 0
    assert done.returncode == bool(facts["bad"])
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", tmp_path, **key) as site:
        assert (await sign_in(site.browser(), "ann@example.org", PASSWORDS[source])).status_code == 200
    with sqlite3.connect(folder / "coatcheck.db") as db:
        assert [row[0] for row in db.execute("SELECT hash FROM passwords WHERE hash NOT LIKE '$argon2id%'")] == []


def test_a_signer_key_that_is_missing_stops_it(folder: Path, tmp_path: Path) -> None:
    refused = coatcheck("import", "firebase", str(firebase.export(tmp_path, firebase.ANN)), folder=folder)
    assert refused.returncode == 2
    assert "hash parameters are needed" in refused.stderr
