"""Exports of Firebase.

The password is the vector that Firebase publishes (https://github.com/firebase/scrypt). The files have the form that
the source of `firebase auth:export` gives them (`firebase-tools`, src/accountExporter.ts); none is a real export.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow, ImportedIdentity
from coatcheck.importing.sources.firebase import COLUMNS, HashConfig, open_firebase, read_hash_config
from coatcheck.importing.sources.lost_factor import lost_factor
from tests.importing.sources.exports import accounts, bad, only, opens

CONSOLE = """hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
"""
CONFIG = read_hash_config(CONSOLE)
HASHED = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
ANN: dict[str, Any] = {
    "localId": "kZq1Yx0c4hVb2nD7",
    "email": "ann@example.org",
    "emailVerified": True,
    "passwordHash": HASHED,
    "salt": "42xEC+ixf3L2lw==",
    "displayName": "Ann, of Example",
    "lastSignedInAt": "1700000000000",
    "createdAt": "1600000000000",
    "providerUserInfo": [],
}


def export(tmp_path: Path, *users: dict[str, Any]) -> Path:
    """Write an export as the tool writes JSON."""
    path = tmp_path / "users.json"
    path.write_text('{"users": [\n' + ",\n".join(json.dumps(each, indent=2) for each in users) + "]}", "utf-8")
    return path


def table(tmp_path: Path, *users: dict[str, Any]) -> Path:
    """Write an export as the tool writes CSV: no row of names, a comma at the end, quotes around what has a comma."""
    path = tmp_path / "users.csv"
    cells = [[str(user.get(name, "")) for name in COLUMNS] for user in users]
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in cells]
    path.write_text("".join(",".join(row) + ",\n" for row in quoted), "utf-8")
    return path


def in_csv(user: dict[str, Any], **more: str) -> dict[str, Any]:
    """Give a user the cells of the CSV file."""
    return user | {"emailVerified": "true", "disabled": "false"} | more


def test_an_account_comes_with_its_password(tmp_path: Path) -> None:
    ann = only(open_firebase(export(tmp_path, ANN), hash_config=CONFIG))
    assert (ann.external_id, ann.email, ann.email_verified) == ("kZq1Yx0c4hVb2nD7", "ann@example.org", True)
    assert (ann.locked, ann.created_at, ann.roles, ann.identities) == (False, 1600000000000, (), ())
    assert opens(ann, "user1password")


def test_an_account_comes_from_csv_with_the_same(tmp_path: Path) -> None:
    from_csv = only(open_firebase(table(tmp_path, in_csv(ANN)), hash_config=CONFIG))
    assert from_csv == only(open_firebase(export(tmp_path, ANN), hash_config=CONFIG))


def test_the_signer_key_does_not_come_along(tmp_path: Path) -> None:
    ann = only(open_firebase(export(tmp_path, ANN), hash_config=CONFIG))
    assert ann.password is not None
    assert "jxspr8Ki" not in ann.password.text
    assert HASHED[:12] not in ann.password.text
    assert "jxspr8Ki" not in repr(CONFIG)
    assert "x8\\xb3" not in repr(CONFIG)


def test_who_is_unverified_disabled_or_without_a_password_stays_so(tmp_path: Path) -> None:
    users = (
        {"localId": "1", "email": "a@example.org", "emailVerified": False, "createdAt": "1"},
        {"localId": "2", "email": "b@example.org", "emailVerified": True, "disabled": True, "createdAt": "1"},
        {"localId": "3", "phoneNumber": "+15555550100", "createdAt": "1"},
    )
    unverified, disabled, by_phone = accounts(open_firebase(export(tmp_path, *users)))
    assert (unverified.email_verified, unverified.password, unverified.locked) == (False, None, False)
    assert disabled.locked
    assert (by_phone.email, by_phone.identities) == (None, ())


LINKS = [
    {"providerId": "google.com", "rawId": "1089", "email": "ann@gmail.example", "displayName": "Ann"},
    {"providerId": "github.com", "rawId": "77"},
    {"providerId": "password", "rawId": "ann@example.org"},
    {"providerId": "oidc.work", "rawId": "s-1"},
]


def test_links_to_providers_come_along_under_our_names(tmp_path: Path) -> None:
    ann = only(open_firebase(export(tmp_path, ANN | {"providerUserInfo": LINKS}), hash_config=CONFIG))
    assert ann.identities == (
        ImportedIdentity(provider="google", subject="1089", email="ann@gmail.example"),
        ImportedIdentity(provider="github", subject="77"),
        ImportedIdentity(provider="oidc.work", subject="s-1"),
    )


def test_links_come_along_from_csv(tmp_path: Path) -> None:
    cells = {"google.com rawId": "1089", "google.com email": "ann@gmail.example", "github.com rawId": "77"}
    ann = only(open_firebase(table(tmp_path, in_csv(ANN, **cells)), hash_config=CONFIG))
    assert ann.identities == (
        ImportedIdentity(provider="google", subject="1089", email="ann@gmail.example"),
        ImportedIdentity(provider="github", subject="77"),
    )


def test_claims_become_names_of_roles(tmp_path: Path) -> None:
    claims = json.dumps({"admin": True, "beta": False, "role": "editor", "roles": ["editor", "buyer", 7], "plan": "x"})
    ann = only(open_firebase(export(tmp_path, ANN | {"customAttributes": claims}), hash_config=CONFIG))
    assert ann.roles == ("admin", "editor", "buyer")


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"customAttributes": "{"}, "customAttributes is no JSON of the expected form"),
        ({"salt": "*"}, "salt is no base64"),
        ({"passwordHash": HASHED[4:]}, "the Firebase hash is not as long as the signer key"),
        ({"email": 7}, "it has an unexpected form: Expected `str | null`, got `int` - at `$.email`"),
        ({"createdAt": "soon"}, "it has an unexpected form"),
    ],
    ids=["claims", "salt", "hash", "type", "time"],
)
def test_a_row_that_cannot_come_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], because: str) -> None:
    (row,) = bad(
        open_firebase(export(tmp_path, {"localId": "first", "createdAt": "1"}, ANN | change), hash_config=CONFIG)
    )
    assert row.where == "line 6, kZq1Yx0c4hVb2nD7"
    assert because in row.because
    assert HASHED[-12:] not in row.because


def test_a_second_factor_that_firebase_does_not_give_away_is_said_to_be_there(tmp_path: Path) -> None:
    path = export(tmp_path, ANN | {"mfaInfo": [{"mfaEnrollmentId": "1"}]})
    assert only(open_firebase(path, hash_config=CONFIG)).totp_secrets == (lost_factor("Firebase"),)


def test_passwords_without_the_projects_parameters_stop_the_import(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        list(open_firebase(export(tmp_path, ANN)).rows())
    assert "hash parameters" in str(refused.value)


@pytest.mark.parametrize(
    "name",
    ['Ann "the first", of Example', '"Ann', 'Ann", "of, Example'],
    ids=["quotes and comma", "one quote", "two cells"],
)
def test_a_name_that_pushes_cells_along_never_makes_an_account_of_them(tmp_path: Path, name: str) -> None:
    path = table(tmp_path, in_csv(ANN, localId="before"), in_csv(ANN, displayName=name), in_csv(ANN, localId="after"))
    rows = list(open_firebase(path, hash_config=CONFIG).rows())
    assert all(isinstance(row, BadRow) or row.external_id in ("before", "after") for row in rows)
    assert any(isinstance(row, BadRow) for row in rows)


def test_cells_that_moved_within_the_right_number_are_seen(tmp_path: Path) -> None:
    cells = [str(in_csv(ANN, displayName="Ann").get(name, "")) for name in COLUMNS]
    path = tmp_path / "users.csv"
    path.write_text(",".join([*cells[:6], "moved", *cells[6:-1]]) + ",\n", "utf-8")
    assert bad(open_firebase(path, hash_config=CONFIG)) == [BadRow("line 1", "its cells are not in their columns")]


def test_the_parameters_are_read_as_the_console_shows_them_and_as_json() -> None:
    as_json = json.dumps(
        {
            "base64_signer_key": CONSOLE.split()[5].rstrip(","),
            "base64_salt_separator": "Bw==",
            "rounds": 8,
            "mem_cost": 14,
        }
    )
    assert read_hash_config(as_json) == CONFIG
    assert HashConfig(signer_key=CONFIG.signer_key, salt_separator=b"\x07", rounds=8, mem_cost=14) == CONFIG


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "have no base64_signer_key"),
        (CONSOLE.replace("SCRYPT", "BCRYPT"), "not of SCRYPT"),
        (CONSOLE.replace("rounds: 8", "rounds: many"), "must be numbers"),
        (CONSOLE.replace("jxspr8Ki", "****"), "base64_signer_key is no base64"),
        (CONSOLE.replace("mem_cost", "cost"), "have no mem_cost"),
        ("base64_signer_key: AAAA, rounds: 8, mem_cost: 14", "too short"),
    ],
    ids=["empty", "algorithm", "rounds", "base64", "missing", "short"],
)
def test_parameters_that_are_none_are_refused_without_being_quoted(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_hash_config(text)
    assert says in str(refused.value)
    assert "0uiiTvC8" not in str(refused.value)


def test_rows_are_counted(tmp_path: Path) -> None:
    source = open_firebase(export(tmp_path, ANN, ANN | {"localId": "2"}), hash_config=CONFIG)
    assert (source.name, source.count()) == ("firebase", 2)
