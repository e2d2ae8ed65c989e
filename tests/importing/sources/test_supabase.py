"""Rows of Supabase: by the query of the docs, from CSV, from a dump.

The tables are those of Supabase Auth's migrations, as far as they are read; on a real PostgreSQL the query runs and
`pg_dump` dumps. No row is a real account. The hashes are those of Supabase's own tests (its password_test.go).
"""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coatcheck.clock import parse_rfc3339
from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import ImportedAccount, ImportedIdentity, Source
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.importing.sources.supabase import open_supabase, open_supabase_database
from coatcheck.mfa.totp import code_at
from tests.importing.sources.exports import accounts, bad, lines, only, opens
from tests.servers.postgres import Postgres

NOW = parse_rfc3339("2026-06-01T00:00:00Z")
BCRYPT = "$2y$04$mIJxfrCaEI3GukZe11CiXublhEFanu5.ododkll1WphfSp6pn4zIu"  # test
FIREBASE = (
    "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,"
    "sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$"
    "zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw=="
)  # mytestpassword
ID = "11111111-1111-4111-8111-111111111111"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B
CREDENTIAL = {
    "id": "+/8BY3JlZGVudGlhbA==",
    "publicKey": "pQEC",
    "attestationType": "none",
    "transport": ["internal"],
    "flags": {"userPresent": True, "userVerified": True, "backupEligible": True, "backupState": False},
    "authenticator": {"AAGUID": "CJhwWMrcS4G24TDeUNy+lg==", "signCount": 5, "cloneWarning": False, "attachment": ""},
}
TOTP = {"factor_type": "totp", "status": "verified", "friendly_name": "phone", "secret": SECRET}
PASSKEY = {
    "factor_type": "webauthn",
    "status": "verified",
    "friendly_name": "laptop",
    "web_authn_credential": CREDENTIAL,
}
ANN: dict[str, Any] = {
    "id": ID,
    "email": "ann@example.org",
    "email_confirmed_at": "2025-12-13T17:06:48.106336+00:00",
    "encrypted_password": BCRYPT,
    "banned_until": None,
    "created_at": "2020-09-13T12:26:40+00:00",
    "deleted_at": None,
    "is_anonymous": False,
    "is_super_admin": None,
    "raw_app_meta_data": {"provider": "email", "providers": ["email", "google"], "role": "editor"},
    "identities": [
        {"provider": "email", "provider_id": ID, "email": "ann@example.org"},
        {"provider": "google", "provider_id": "1089", "email": "ann@gmail.example"},
        {"provider": "azure", "provider_id": "a-1", "email": None},
    ],
    "mfa_factors": [TOTP, TOTP | {"status": "unverified", "secret": "AAAA"}],
}


def opened(path: Path, host: str | None = None) -> Source:
    """Open rows as of a fixed day."""
    return open_supabase(path, now=NOW, host=host)


def as_csv(tmp_path: Path, row: dict[str, Any]) -> Path:
    """Write a row as PostgreSQL copies it to CSV with a header."""
    cells = {name: _printed(value) for name, value in row.items()}
    path = tmp_path / "users.csv"
    quoted = ",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells.values())
    path.write_text(",".join(cells) + "\n" + quoted + "\n")
    return path


def _printed(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "t" if value else "f"
        case str():
            return value
    return json.dumps(value)


def is_ann(account: ImportedAccount) -> bool:
    """Check all that Ann has."""
    assert (account.external_id, account.email, account.email_verified) == (ID, "ann@example.org", True)
    assert (account.locked, account.created_at, account.roles) == (False, 1600000000000, ("editor",))
    (app,) = account.totp_secrets
    assert (app.label, code_at(app.key, 1)) == ("phone", "287082")
    assert set(account.identities) == {
        ImportedIdentity(provider="google", subject="1089", email="ann@gmail.example"),
        ImportedIdentity(provider="microsoft", subject="a-1"),
    }
    return opens(account, "test")


def test_an_account_comes_with_all_it_has(tmp_path: Path) -> None:
    assert is_ann(only(opened(lines(tmp_path / "users.ndjson", [ANN]))))


def test_an_account_comes_from_csv_with_the_same(tmp_path: Path) -> None:
    assert is_ann(
        only(opened(as_csv(tmp_path, ANN | {"created_at": "2020-09-13 12:26:40+00", "phone": "", "aud": "x"})))
    )


def test_who_is_unconfirmed_banned_or_without_a_password_stays_so(tmp_path: Path) -> None:
    rows = [
        ANN | {"email_confirmed_at": None, "encrypted_password": ""},
        ANN | {"banned_until": "2026-06-01T00:00:01Z"},
        ANN | {"banned_until": "2026-05-31T00:00:00Z", "is_super_admin": True},
        ANN | {"banned_until": "infinity"},
    ]
    unconfirmed, banned, free, for_ever = accounts(opened(lines(tmp_path / "users.ndjson", rows)))
    assert (unconfirmed.email_verified, unconfirmed.password) == (False, None)
    assert (banned.locked, free.locked, for_ever.locked) == (True, False, True)
    assert free.roles == ("editor", "super_admin")


def test_a_hash_from_firebase_comes_without_the_signer_key_in_it(tmp_path: Path) -> None:
    ann = only(opened(lines(tmp_path / "users.ndjson", [ANN | {"encrypted_password": FIREBASE}])))
    assert opens(ann, "mytestpassword")
    assert ann.password is not None
    assert "ou9tdYTG" not in ann.password.text


def test_a_passkey_comes_along_for_the_host_it_was_made_for(tmp_path: Path) -> None:
    path = lines(tmp_path / "users.ndjson", [ANN | {"mfa_factors": [PASSKEY]}])
    (key,) = only(opened(path, host="example.org")).passkeys
    assert (key.credential_id, key.public_key, key.sign_count) == (b"\xfb\xff\x01credential", b"\xa5\x01\x02", 5)
    assert (key.rp_id_hash, key.user_handle) == (sha256(b"example.org").digest(), ID.encode())
    assert (key.verifies, key.backup_eligible, key.backed_up, key.name) == (True, True, False, "laptop")
    assert (key.aaguid, key.transports) == ("08987058-cadc-4b81-b6e1-30de50dcbe96", ("internal",))
    assert only(opened(path)).passkeys[0].rp_id_hash is None


@pytest.mark.parametrize(
    "factor",
    [
        {"factor_type": "phone", "status": "verified", "phone": "+15555550100"},
        TOTP | {"secret": '{"key_id": "1", "alg": "aes-gcm-hkdf", "data": "AAAA", "nonce": "AAAA"}'},
    ],
    ids=["phone", "encrypted"],
)
def test_a_second_factor_that_cannot_come_is_said_to_be_there(tmp_path: Path, factor: dict[str, Any]) -> None:
    (lost,) = only(opened(lines(tmp_path / "users.ndjson", [ANN | {"mfa_factors": [factor]}]))).totp_secrets
    assert lost == lost_factor(lost.label)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"deleted_at": "2026-01-01T00:00:00Z"}, "it is deleted there"),
        ({"is_anonymous": True}, "it is an anonymous visitor and nobody's account"),
        ({"encrypted_password": '{"key_id": "1"}'}, "its password is encrypted"),
        ({"encrypted_password": BCRYPT.replace("$04$", "$15$")}, "bcrypt cost 15 is above the ceiling of 14"),
        ({"mfa_factors": [TOTP | {"secret": "1"}]}, "the secret of the authenticator app is no base32"),
        ({"raw_app_meta_data": "{"}, "one of raw_app_meta_data, identities, mfa_factors is no JSON"),
        ({"mfa_factors": None}, "nothing is said of second factors"),
    ],
    ids=["deleted", "anonymous", "encrypted", "dear", "secret", "json", "unsaid"],
)
def test_a_row_that_cannot_come_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], because: str) -> None:
    (row,) = bad(opened(lines(tmp_path / "users.ndjson", [ANN | change])))
    assert row.where == f"line 1, {ID}"
    assert row.because.startswith(because)


def test_csv_that_says_nothing_of_second_factors_is_refused(tmp_path: Path) -> None:
    row = {name: value for name, value in ANN.items() if name != "mfa_factors"}
    with pytest.raises(ConfigurationError, match="mfa_factors"):
        list(opened(as_csv(tmp_path, row)).rows())


def test_a_dump_without_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.sql").write_text("COPY auth.users (id, email) FROM stdin;\n\\.\n")
    with pytest.raises(ConfigurationError, match=r"auth\.mfa_factors"):
        list(opened(tmp_path / "users.sql").rows())


TABLES = """
CREATE SCHEMA auth;
CREATE TYPE auth.factor_type AS ENUM ('totp', 'webauthn', 'phone');
CREATE TYPE auth.factor_status AS ENUM ('unverified', 'verified');
CREATE TABLE auth.users (
    instance_id uuid, id uuid PRIMARY KEY, aud varchar(255), role varchar(255), email varchar(255),
    encrypted_password varchar(255), email_confirmed_at timestamptz, last_sign_in_at timestamptz,
    raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin boolean, created_at timestamptz, phone text,
    banned_until timestamptz, deleted_at timestamptz, is_anonymous boolean NOT NULL DEFAULT false);
CREATE TABLE auth.identities (
    provider_id text NOT NULL, user_id uuid NOT NULL, identity_data jsonb NOT NULL, provider text NOT NULL,
    email text GENERATED ALWAYS AS (lower(identity_data ->> 'email')) STORED, id uuid PRIMARY KEY);
CREATE TABLE auth.mfa_factors (
    id uuid PRIMARY KEY, user_id uuid NOT NULL, friendly_name text, factor_type auth.factor_type NOT NULL,
    status auth.factor_status NOT NULL, secret text, phone text, web_authn_credential jsonb);
"""
BEN = "22222222-2222-4222-8222-222222222222"


FILL_USERS = """
INSERT INTO auth.users SELECT (jsonb_populate_record(NULL::auth.users, e)).* FROM jsonb_array_elements($q$%s$q$) e
"""
FILL_IDENTITIES = """
INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, id)
SELECT e ->> 'provider_id', (e ->> 'user_id')::uuid, e -> 'identity_data', e ->> 'provider', gen_random_uuid()
FROM jsonb_array_elements($q$%s$q$) e
"""
FILL_FACTORS = """
INSERT INTO auth.mfa_factors
SELECT gen_random_uuid(), r.user_id, r.friendly_name, r.factor_type, r.status, r.secret, r.phone, r.web_authn_credential
FROM jsonb_array_elements($q$%s$q$) e, jsonb_populate_record(NULL::auth.mfa_factors, e) r
"""


def fill(postgres: Postgres, url: str) -> None:
    """Make the tables, with Ann and with Ben, who has a passkey and a backslash."""
    ben = ANN | {"id": BEN, "email": "b\\n@example.org", "raw_app_meta_data": {"a": 'tab\t"'}}
    links = [each | {"user_id": ID, "identity_data": {"email": each["email"]}} for each in ANN["identities"]]
    factors = [TOTP | {"user_id": ID}, TOTP | {"user_id": ID, "status": "unverified"}, PASSKEY | {"user_id": BEN}]
    postgres.run(TABLES, url)
    postgres.run(FILL_USERS % json.dumps([ANN, ben]), url)
    postgres.run(FILL_IDENTITIES % json.dumps(links), url)
    postgres.run(FILL_FACTORS % json.dumps(factors), url)


def in_one_order(source: Source) -> list[ImportedAccount]:
    """Read accounts, each with its links in one order."""
    found = accounts(source)
    links = [tuple(sorted(each.identities, key=lambda link: link.provider)) for each in found]
    return [msgspec.structs.replace(each, identities=links[at]) for at, each in enumerate(found)]


def query_of_the_docs() -> str:
    """Give the query as the page has it."""
    page = (Path(__file__).parents[3] / "docs" / "importing-others.md").read_text("utf-8")
    return page.partition("<!-- accounts.sql -->\n```sql\n")[2].partition("```")[0]


def test_the_query_of_the_docs_a_dump_and_the_database_give_the_same_accounts(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.fresh_database()
    fill(postgres, url)
    (tmp_path / "users.ndjson").write_text(postgres.run(query_of_the_docs(), url))
    dump = [str(postgres.program.with_name("pg_dump")), url, "--schema", "auth", "--data-only"]
    (tmp_path / "users.sql").write_bytes(subprocess.run(dump, capture_output=True, check=True).stdout)
    ann, ben = accounts(opened(tmp_path / "users.ndjson", host="example.org"))
    assert is_ann(ann)
    assert (ben.email, len(ben.passkeys)) == ("b\\n@example.org", 1)
    assert accounts(opened(tmp_path / "users.sql", host="example.org")) == [ann, ben]
    straight = open_supabase_database(url, now=NOW, host="example.org")
    assert straight.count() == 2
    assert in_one_order(straight) == in_one_order(opened(tmp_path / "users.sql", host="example.org"))
    postgres.drop(url)
