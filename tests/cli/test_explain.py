"""`coatcheck account explain-sign-in`: a newcomer reads what is asked, by whom, and what would do."""

import json
from pathlib import Path

from tests.cli.running import coatcheck


def test_reads_well(folder: Path) -> None:
    with (folder / "coatcheck.toml").open("a") as settings:
        settings.write('\n[sign_in]\nrole_levels = ["editor = aal2"]\n')
    assert coatcheck("account", "create", "ann@example.org", "--no-password", folder=folder).returncode == 0
    assert coatcheck("role", "create", "editor", folder=folder).returncode == 0
    assert coatcheck("role", "grant", "editor", "ann@example.org", folder=folder).returncode == 0
    command = ("account", "explain-sign-in", "ann@example.org")
    said = coatcheck(*command, "--proof", "password", folder=folder)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("ann@example.org: the sign-in takes more\n")
    lines = {" ".join(line.split()) for line in said.stdout.splitlines()}
    assert lines >= {
        "proven the password: aal1",
        "next a mailed code",
        "the role editor asks for aal2 aal2 no",
    }
    enough = coatcheck(*command, "--proof", "password", "--proof", "totp", folder=folder)
    assert enough.stdout.startswith("ann@example.org: this is enough\n")
    assert "aal2, by pwd otp mfa" in enough.stdout
    nothing = coatcheck(*command, "--step-up", folder=folder)
    assert nothing.stdout.startswith("ann@example.org: the confirmation takes more\n")


def test_what_is_off_is_said(folder: Path) -> None:
    assert coatcheck("account", "create", "ann@example.org", "--no-password", folder=folder).returncode == 0
    command = ("account", "explain-sign-in", "ann@example.org", "--trusted", "--stranger")
    said = coatcheck(*command, folder=folder).stdout
    assert "No browser can be trusted here: sign_in.trust_devices_for is off.\n" in said
    assert 'no more than others here: sign_in.strangers is "as_usual".\n' in said
    assert len(json.loads(coatcheck(*command, "--json", folder=folder).stdout)["notes"]) == 2


def test_for_programs(folder: Path) -> None:
    assert coatcheck("account", "create", "ann@example.org", "--no-password", folder=folder).returncode == 0
    command = ("account", "explain-sign-in", "ann@example.org", "--proof", "passkey", "--acr", "phr", "--json")
    told = json.loads(coatcheck(*command, folder=folder).stdout)
    assert (told["decision"], told["acr"], told["amr"]) == ("enough", "aal2", ["swk", "user", "mfa"])
    assert told["demands"] == [
        {
            "asks": "a proof that no false site can pass on",
            "why": "what was asked for takes a proof that no false site can pass on",
            "met": True,
        }
    ]


def test_what_is_no_proof_is_refused(folder: Path) -> None:
    said = coatcheck("account", "explain-sign-in", "ann@example.org", "--proof", "charm", folder=folder)
    assert said.returncode == 2
