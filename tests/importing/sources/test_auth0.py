"""Exports of Auth0.

The forms are those that Auth0 documents: bulk user exports, the export of password hashes (its sample object), the
schema of bulk imports. No file is a real export. Of the hashes in its examples one has a known password: `hello`.
"""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from coatcheck.importing.account import BadRow, ImportedIdentity
from coatcheck.importing.sources.auth0 import open_auth0
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.mfa.totp import code_at
from tests.importing.sources.exports import accounts, array, bad, lines, only, opens

HELLO = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"
ANN: dict[str, Any] = {
    "user_id": "auth0|5dea9f9c82dd7c0e76e4ec93",
    "email": "ann@example.org",
    "email_verified": True,
    "created_at": "2019-12-06T18:36:12.412Z",
    "identities": [
        {
            "connection": "Username-Password-Authentication",
            "user_id": "5dea9f9c82dd7c0e76e4ec93",
            "provider": "auth0",
            "isSocial": False,
        }
    ],
}
ANNS_HASH: dict[str, Any] = {
    "_id": {"$oid": "5dea9f9c82dd7c0e76e4ec93"},
    "email_verified": True,
    "email": "ann@example.org",
    "passwordHash": HELLO,
    "password_set_date": {"$date": "2019-12-06T18:36:12.412Z"},
    "tenant": "example",
    "connection": "Username-Password-Authentication",
    "_tmp_is_unique": True,
}


def test_users_and_their_hashes_come_from_two_files(tmp_path: Path) -> None:
    euclid = {"user_id": "auth0|euclid", "email": "e@example.org", "email_verified": False}
    users = lines(tmp_path / "users.ndjson", [ANN, euclid, {"user_id": "auth0|3", "username": "no-password"}])
    hashes = [ANNS_HASH | {"alt_id": "euclid", "passwordHash": HELLO}, ANNS_HASH, ANNS_HASH | {"_id": {"$oid": "gone"}}]
    ann, other, bare = accounts(open_auth0(users, hashes=lines(tmp_path / "hashes.ndjson", hashes)))
    assert (ann.external_id, ann.email, ann.email_verified) == (ANN["user_id"], "ann@example.org", True)
    assert (ann.created_at, ann.locked, ann.identities) == (1575657372412, False, ())
    assert opens(ann, "hello")
    assert opens(other, "hello")
    assert not other.email_verified
    assert (bare.password, bare.username, bare.email) == (None, "no-password", None)


def test_the_file_of_hashes_alone_has_accounts_too(tmp_path: Path) -> None:
    ann = only(open_auth0(lines(tmp_path / "hashes.ndjson", [ANNS_HASH])))
    assert (ann.external_id, ann.email, ann.email_verified) == (ANN["user_id"], "ann@example.org", True)
    assert opens(ann, "hello")


def test_an_address_may_stand_among_the_identifiers(tmp_path: Path) -> None:
    row = {
        "_id": {"$oid": "1"},
        "identifiers": [
            {"type": "username", "value": "ann"},
            {"type": "email", "value": "ann@example.org", "verified": True},
        ],
    }
    ann = only(open_auth0(lines(tmp_path / "hashes.ndjson", [row])))
    assert (ann.email, ann.email_verified, ann.username) == ("ann@example.org", True, "ann")


def test_who_is_blocked_stays_locked_and_roles_are_names_only(tmp_path: Path) -> None:
    row = ANN | {"blocked": True, "app_metadata": {"roles": ["admin"], "plan": "premium"}}
    ann = only(open_auth0(lines(tmp_path / "users.ndjson", [row])))
    assert (ann.locked, ann.roles) == (True, ("admin",))


def test_links_come_along_with_the_connections_name_and_the_providers_own_id(tmp_path: Path) -> None:
    links = [
        {"provider": "google-oauth2", "user_id": "1089", "connection": "google-oauth2", "isSocial": True},
        {"provider": "github", "user_id": 77, "connection": "github", "profileData": {"email": "ann@hub.example"}},
        {"provider": "samlp", "user_id": "acme|ann@acme.example", "connection": "acme"},
        {"provider": "email", "user_id": "x", "connection": "email"},
    ]
    ann = only(open_auth0(lines(tmp_path / "users.ndjson", [ANN | {"identities": ANN["identities"] + links}])))
    assert ann.identities == (
        ImportedIdentity(provider="google", subject="1089"),
        ImportedIdentity(provider="github", subject="77", email="ann@hub.example"),
        ImportedIdentity(provider="acme", subject="ann@acme.example"),
    )


def test_a_custom_hash_comes_as_the_bulk_import_spells_it(tmp_path: Path) -> None:
    derived = hashlib.scrypt(b"hello", salt=b"salt\x01", n=1024, r=8, p=1, dklen=64)
    phc = "$pbkdf2-sha512$i=100000,l=64$HqJwOCHweNk1pLryiu3RsA"
    phc += "$KVSvxKYcibIG5S5n55RvxKRTdAAfCUtBJoy5IuFzdSZyzkwvUcU+FPawEWFPn+06JyZsndfRTfpiEh+2eSJLkg"
    scrypt = {
        "algorithm": "scrypt",
        "hash": {"value": derived.hex().upper(), "encoding": "hex"},
        "salt": {"value": "c2FsdAE=", "encoding": "base64"},
        "keylen": 64,
        "cost": 1024,
        "blockSize": 8,
    }
    given = [
        {"algorithm": "bcrypt", "hash": {"value": HELLO}},
        scrypt,
        {"algorithm": "pbkdf2", "hash": {"value": phc, "encoding": "utf8"}, "password": {"encoding": "utf8"}},
    ]
    rows = [ANN | {"user_id": str(number), "custom_password_hash": each} for number, each in enumerate(given)]
    by_bcrypt, by_scrypt, by_pbkdf2 = accounts(open_auth0(array(tmp_path / "users.json", rows)))
    assert opens(by_bcrypt, "hello")
    assert opens(by_scrypt, "hello")
    assert opens(by_pbkdf2, "password")


@pytest.mark.parametrize(
    ("custom", "because"),
    [
        ({"algorithm": "md5", "hash": {"value": "AbuUujgF0pPPkJPSFRTpmA==", "encoding": "base64"}}, "hashed by md5"),
        ({"algorithm": "ldap", "hash": {"value": "{SSHA384}/cgEjdoZh85Dhur"}}, "hashed by ldap"),
        ({"algorithm": "bcrypt", "hash": {"value": HELLO}, "password": {"encoding": "utf16le"}}, "utf16le"),
        ({"algorithm": "scrypt", "hash": {"value": "zz", "encoding": "hex"}}, "no hexadecimal"),
        ({"algorithm": "scrypt", "hash": {"value": "AAAA"}}, "impossible length"),
        ({"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-md4$i=100000,l=64$+N375B8q0Fw$fp2R9KAM4hK"}}, "digest"),
        ({"algorithm": "bcrypt", "hash": {"value": HELLO.replace("$10$", "$15$")}}, "ceiling"),
    ],
    ids=["md5", "ldap", "utf-16", "hex", "short", "md4", "dear"],
)
def test_a_hash_that_cannot_come_is_told_without_being_quoted(
    tmp_path: Path, custom: dict[str, Any], because: str
) -> None:
    (row,) = bad(open_auth0(array(tmp_path / "users.json", [ANN | {"custom_password_hash": custom}])))
    assert row.where == f"line 2, {ANN['user_id']}"
    assert because in row.because
    assert custom["hash"]["value"] not in row.because


def test_an_authenticator_app_comes_along(tmp_path: Path) -> None:
    factors = [{"totp": {"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}}, {"phone": {"value": "+15555550100"}}]
    ann = only(
        open_auth0(lines(tmp_path / "users.ndjson", [ANN | {"mfa_factors": factors, "multifactor": ["guardian"]}]))
    )
    app, telephone = ann.totp_secrets
    assert telephone == lost_factor("Auth0")
    assert code_at(app.key, 1) == "287082"  # RFC 6238, appendix B


@pytest.mark.parametrize(
    "given", [{"multifactor": ["guardian"]}, {"mfa_factors": [{"phone": {"value": "+15555550100"}}]}]
)
def test_a_second_factor_that_cannot_come_is_said_to_be_there(tmp_path: Path, given: dict[str, Any]) -> None:
    path = lines(tmp_path / "users.ndjson", [ANN | given])
    assert only(open_auth0(path)).totp_secrets == (lost_factor("Auth0"),)


def test_what_is_bad_in_either_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "hashes.ndjson").write_text('{"email": "x"}\n{"passwordHash": \n{"_id": {"$oid": 7}}\n')
    (tmp_path / "users.ndjson").write_text('{"user_id": 7}\n{"email": "x@example.org"}\nno\n')
    source = open_auth0(tmp_path / "users.ndjson", hashes=tmp_path / "hashes.ndjson")
    assert [each.where for each in bad(source)] == [
        "hashes, line 2",
        "hashes, line 3",
        "line 1, 7",
        "line 2, x@example.org",
        "line 3",
    ]
    assert source.count() == 3


def test_a_user_without_an_id_cannot_come(tmp_path: Path) -> None:
    assert bad(open_auth0(lines(tmp_path / "users.ndjson", [{"email": "x@example.org"}]))) == [
        BadRow("line 1, x@example.org", "it has no user_id")
    ]
