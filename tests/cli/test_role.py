"""`coatcheck role`: roles that inherit and end, and why somebody may; answers and exit codes as a script reads them."""

import json
import re
from pathlib import Path
from typing import Any

from tests.cli.running import coatcheck

ANN = "ann@example.org"


def run(folder: Path, *words: str, code: int = 0) -> str:
    """Run `coatcheck role …`; give what it says, or why it is refused."""
    ended = coatcheck("role", *words, folder=folder)
    assert ended.returncode == code, ended.stderr
    return ended.stdout + ended.stderr


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_story(folder: Path) -> None:
    assert coatcheck("account", "create", ANN, "--no-password", folder=folder).returncode == 0
    assert run(folder, "create", "reader", "notes:read") == "The role reader is there: it allows notes:read.\n"
    made = run(folder, "create", "editor", "notes:write", "--inherits", "reader")
    assert made == "The role editor is there: it allows notes:write and inherits reader.\n"
    run(folder, "create", "chief")
    assert run(folder, "inherit", "chief", "editor") == "The role chief inherits editor.\n"
    circle = run(folder, "inherit", "reader", "chief", code=1)
    assert circle == "coatcheck: That would be a circle: reader → chief → editor → reader.\n"

    given = run(folder, "grant", "chief", ANN, "--for", "8h")
    assert re.fullmatch(r"ann@example\.org holds the role chief until [-\d]{10} [:\d]{8} UTC\.\n", given)
    assert "not both" in run(folder, "grant", "chief", ANN, "--for", "8h", "--until", "2100-01-01T00:00Z", code=1)
    assert "whole number and a unit" in run(folder, "grant", "chief", ANN, "--for", "a while", code=1)
    assert "has passed" in run(folder, "grant", "chief", ANN, "--until", "2020-01-01T00:00Z", code=1)
    shown = coatcheck("account", "show", ANN, folder=folder).stdout
    assert re.search(r"roles\s+chief \(until .* UTC\), editor \(by chief\), reader \(by chief\)", shown)

    told = run(folder, "explain", "notes:read", ANN)
    assert told.startswith("ann@example.org: notes:read is allowed\n")
    assert any(line.startswith("chief reader ← editor ← chief operator ") for line in lines(told))
    denied = json.loads(run(folder, "explain", "notes:read", ANN, "--scope", "notes:write", "--json", code=1))
    assert (denied["allowed"], [rule["rule"] for rule in denied["because"]]) == (False, ["allows", "out_of_scope"])
    assert "No role allows it" in run(folder, "explain", "notes:paint", ANN, code=1)
    assert "resource:action" in run(folder, "explain", "notes", ANN, code=1)

    assert lines(run(folder, "deny", "editor", "notes:write", "notes:read")) == [
        "The role editor itself allows notes:write no more.",
        "It still allows notes:read, by what it inherits: reader.",
    ]
    listed: list[dict[str, Any]] = json.loads(run(folder, "list", "--json"))
    assert {
        "role": "chief",
        "permissions": [],
        "inherits": ["editor"],
        "allows": ["notes:read"],
        "holders": 1,
    } in listed
    assert "chief - editor notes:read 1" in lines(run(folder, "list"))

    run(folder, "grant", "editor", ANN)
    assert lines(run(folder, "revoke", "editor", ANN))[1].startswith("Another role of this account inherits it")
    assert run(folder, "disinherit", "chief", "editor") == "The role chief inherits editor no more.\n"
    assert run(folder, "disinherit", "chief", "editor") == "The role chief did not inherit editor itself.\n"


def test_deleting(folder: Path) -> None:
    assert coatcheck("account", "create", ANN, "--no-password", folder=folder).returncode == 0
    run(folder, "create", "reader")
    run(folder, "create", "editor", "--inherits", "reader")
    run(folder, "grant", "editor", ANN)
    unsure = coatcheck("role", "delete", "editor", folder=folder, typed="n\n")
    assert unsure.returncode == 1
    assert "It is inherited by editor" in run(folder, "delete", "reader", "--yes", code=1)
    assert run(folder, "delete", "editor", "--yes") == "The role editor is gone; 1 account held it.\n"
    assert "no such role" in run(folder, "delete", "editor", "--yes", code=1)
    shown = json.loads(coatcheck("account", "show", ANN, "--json", folder=folder).stdout)
    assert (shown["roles"], shown["held_roles"]) == ([], [])
