"""`coatcheck api-key`: one story of keys, of a service and of a person."""

import json
import re
from pathlib import Path
from typing import Any

from tests.cli.running import coatcheck

KEY = re.compile(r"id   (key_[a-z2-7]{26})\nkey  (cck_[\w-]{32}[0-9a-z]{6})\nThe key is not shown again.*\n")


def done(folder: Path, *arguments: str, group: str = "api-key", code: int = 0) -> str:
    """Run a command that goes well; give what it prints."""
    ended = coatcheck(group, *arguments, folder=folder)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


def refused(folder: Path, *arguments: str, code: int = 1) -> str:
    """Run a command that is refused; give its sentence."""
    ended = coatcheck("api-key", *arguments, folder=folder)
    assert (ended.returncode, ended.stdout) == (code, "")
    return ended.stderr


def made(folder: Path, *arguments: str) -> tuple[str, str]:
    """Make a key; give its id and the key."""
    found = KEY.fullmatch(done(folder, "create", *arguments))
    assert found is not None
    return found[1], found[2]


def listed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """List keys as a program would."""
    found: list[dict[str, Any]] = json.loads(done(folder, "list", "--json", *arguments))
    return found


def test_story(folder: Path) -> None:
    assert done(folder, "list") == "No API keys.\n"
    done(folder, "create", "reports", "--permission", "notes:read", group="service")
    key, text = made(folder, "reports", "nightly", "--scope", "notes:read", "--for", "30d")
    assert refused(folder, "create", "nobody", "x") == "coatcheck: no account and no service 'nobody'\n"
    assert "30 days" in refused(folder, "create", "reports", "x", "--for", "soon", code=2)

    done(folder, "create", "ann@example.org", "--no-password", group="account")
    program = json.loads(done(folder, "create", "ann@example.org", "laptop", "--json"))
    assert {program["key"][:4], program["name"]} == {"cck_", "laptop"}

    assert [each["name"] for each in listed(folder, "reports")] == ["nightly"]
    assert {each["name"] for each in listed(folder)} == {"nightly", "laptop"}
    shown = done(folder, "show", key) + done(folder, "list") + json.dumps(listed(folder))
    assert "notes:read" in shown
    assert text not in shown
    assert text[:8] in shown

    assert done(folder, "revoke", key).startswith("nightly of svc_")
    assert done(folder, "revoke", "--all-of", "ann@example.org") == "Revoked 1 API key of ann@example.org.\n"


def test_show_says_why_a_key_is_refused(folder: Path) -> None:
    done(folder, "create", "ann@example.org", "--no-password", group="account")
    key, _ = made(folder, "ann@example.org", "laptop")
    assert "Counts" in done(folder, "show", key)
    done(folder, "lock", "ann@example.org", group="account")
    assert "no: its owner is locked" in done(folder, "show", key, code=1)
    words = json.loads(done(folder, "show", key, "--json", code=1))
    assert (words["may_now"], words["refused_because"]) == ([], "its owner is locked")
