"""Files of one's own: CSV and JSON with the same names."""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow, ImportedIdentity, ImportedTotp
from coatcheck.importing.sources.lines import COLUMNS, open_lines
from tests.importing.sources.exports import accounts, array, bad, lines, only, opens

# https://auth0.com/docs, "Bulk User Import Database Schema": "generated from the string `hello`".
HASH = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"
KEY = b"12345678901234567890"  # RFC 6238, appendix B
SECRET = base64.b32encode(KEY).decode()
ANN: dict[str, Any] = {
    "external_id": 7,
    "email": "ann@example.org",
    "email_verified": True,
    "username": "ann",
    "password_hash": HASH,
    "locked": False,
    "created_at": "2026-01-31T12:00:00Z",
    "roles": ["editor", "head of sales"],
    "totp_secret": SECRET,
    "backup_codes": ["aaaa-bbbb", "cccc-dddd"],
    "identities": [{"provider": "google", "subject": "1089"}, {"provider": "github", "subject": "a:b"}],
}
AS_CSV = (
    "External_ID,email,email_verified,username,password_hash,locked,created_at,roles,totp_secret,backup_codes,identities\r\n"
    f"7,ann@example.org,t,ann,{HASH},no,2026-01-31 12:00:00+00,editor; head of sales,{SECRET.lower()},"
    "aaaa-bbbb;cccc-dddd,google:1089;github:a:b\r\n"
)


def table(tmp_path: Path, text: str) -> Path:
    """Write a CSV file, as spreadsheets do, with a byte-order mark."""
    path = tmp_path / "accounts.csv"
    path.write_bytes(text.encode("utf-8-sig"))
    return path


def test_an_account_comes_with_all_it_has(tmp_path: Path) -> None:
    ann = only(open_lines(lines(tmp_path / "accounts.ndjson", [ANN])))
    assert (ann.external_id, ann.email, ann.email_verified, ann.username) == ("7", "ann@example.org", True, "ann")
    assert (ann.locked, ann.created_at, ann.roles) == (False, 1769860800000, ("editor", "head of sales"))
    assert ann.totp_secrets == (ImportedTotp(label="", key=KEY),)
    assert ann.backup_codes == ("aaaa-bbbb", "cccc-dddd")
    assert ann.identities == (
        ImportedIdentity(provider="google", subject="1089"),
        ImportedIdentity(provider="github", subject="a:b"),
    )
    assert opens(ann, "hello")


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    from_csv = only(open_lines(table(tmp_path, AS_CSV)))
    assert from_csv == only(open_lines(lines(tmp_path / "a.ndjson", [ANN])))
    assert from_csv == only(open_lines(array(tmp_path / "a.json", [ANN])))


def test_only_an_id_is_needed_and_nothing_is_assumed(tmp_path: Path) -> None:
    (bare,) = accounts(open_lines(lines(tmp_path / "a.ndjson", [{"external_id": "1", "email": "b@example.org"}])))
    assert (bare.email_verified, bare.password, bare.locked, bare.roles) == (False, None, False, ())
    (cells,) = accounts(open_lines(table(tmp_path, "external_id;email\n1;b@example.org\n")))
    assert cells == bare


PASSKEY = {
    "credential_id": "AQID",
    "public_key": "pQECAyYgASFY",
    "host": "example.org",
    "sign_count": 5,
    "user_handle": "YW5u",
    "verifies": True,
    "transports": ["internal"],
}
TOTP = {"secret": SECRET, "label": "phone", "digits": 8, "period": 60, "algorithm": "SHA-256"}


def test_passkeys_and_apps_with_parameters_come_from_both(tmp_path: Path) -> None:
    ann = only(
        open_lines(lines(tmp_path / "a.ndjson", [{"external_id": "1", "passkeys": [PASSKEY], "totp_secrets": [TOTP]}]))
    )
    (key,) = ann.passkeys
    assert (key.credential_id, key.sign_count, key.user_handle, key.verifies) == (b"\x01\x02\x03", 5, b"ann", True)
    assert key.rp_id_hash == sha256(b"example.org").digest()
    assert ann.totp_secrets == (ImportedTotp(label="phone", key=KEY, digits=8, period=60, algorithm="sha256"),)
    quoted = [json.dumps([each]).replace('"', '""') for each in (PASSKEY, TOTP)]
    text = f'external_id,passkeys,totp_secrets\n1,"{quoted[0]}","{quoted[1]}"\n'
    assert only(open_lines(table(tmp_path, text))) == ann


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"pasword_hash": HASH}, "it has an unexpected form: Object contains unknown field `pasword_hash`"),
        ({"password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}, "the stored hash is of no scheme we read"),
        ({"password_hash": HASH.replace("$10$", "$15$")}, "bcrypt cost 15 is above the ceiling of 14"),
        ({"email_verified": "perhaps"}, "email_verified is neither true nor false"),
        ({"totp_secret": "1"}, "totp_secret is no base32"),
        ({"created_at": "today"}, "created_at is no moment such as 2026-01-31T12:00:00Z"),
        ({"identities": "google"}, "identities are not written as provider:subject"),
        ({"passkeys": "[{}]"}, "passkeys is no JSON of the expected form"),
        ({"email": "nul\0@example.org"}, "it holds the character NUL"),
    ],
    ids=["slip", "md5", "dear", "flag", "secret", "moment", "link", "passkey", "nul"],
)
def test_a_row_that_cannot_come_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], because: str) -> None:
    source = open_lines(lines(tmp_path / "a.ndjson", [ANN, ANN | {"external_id": "x"} | change]))
    assert bad(source) == [BadRow("line 2, x", because)]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("external_id,pasword_hash", "the column 'pasword_hash' is none of external_id, email"),
        ("email,username", "the column external_id is missing"),
    ],
)
def test_columns_that_are_wrong_stop_the_import(tmp_path: Path, header: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        list(open_lines(table(tmp_path, header + "\na,b\n")).rows())
    assert says in str(refused.value)


def test_a_broken_line_of_a_table_does_not_take_the_others_along(tmp_path: Path) -> None:
    text = (
        'external_id,email\n1,a@example.org\n2,b@example.org,x\n3,"c@example.org\n4,d@example.org"\n5,e@example.org\n'
    )
    source = open_lines(table(tmp_path, text))
    assert [each.where for each in bad(source)] == ["line 3"]
    assert source.count() == 4


def test_every_name_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "importing-others.md").read_text("utf-8")
    assert [name for name in COLUMNS if f"| `{name}` |" not in page] == []
