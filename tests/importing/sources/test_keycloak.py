"""Exports of Keycloak.

Two hashes were made by Keycloak itself: argon2 (version 26, the password is iceberg) and pbkdf2-sha256 (version 21, the
password is password); both stand in public realms of demonstrations. The others, and the files around them, are written
after Keycloak's source (`org.keycloak.models.credential.dto`, `UserRepresentation`).
"""

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow, ImportedIdentity, ImportedTotp
from coatcheck.importing.sources.keycloak import open_keycloak
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.mfa.totp import code_at
from tests.importing.sources.exports import accounts, bad, only, opens

ARGON2 = {
    "type": "password",
    "secretData": json.dumps(
        {
            "value": "BuViHNDGmCq80fvpty/QoggTI8NSt0CuNDGgeoa5f5A=",
            "salt": "RJ0aLMQ2qKbZuROs7qQhcA==",
            "additionalParameters": {},
        }
    ),
    "credentialData": json.dumps(
        {
            "hashIterations": 5,
            "algorithm": "argon2",
            "additionalParameters": {
                "hashLength": ["32"],
                "memory": ["7168"],
                "type": ["id"],
                "version": ["1.3"],
                "parallelism": ["1"],
            },
        }
    ),
}
PBKDF2 = {
    "type": "password",
    "secretData": json.dumps(
        {
            "value": "JsfNbCOIdZUbyBJ+BT+VoGI91Ec2rWLOvkLPDaX8e9k=",
            "salt": "P5rtFkGtPfoaryJ6PizUJw==",
            "additionalParameters": {},
        }
    ),
    "credentialData": json.dumps({"hashIterations": 27500, "algorithm": "pbkdf2-sha256", "additionalParameters": {}}),
}
ANN: dict[str, Any] = {
    "id": "cfb55bf6-fcbb-4a1e-bfec-30c6649b52f8",
    "username": "ann",
    "email": "ann@example.org",
    "emailVerified": True,
    "enabled": True,
    "createdTimestamp": 1600000000000,
    "totp": False,
    "credentials": [ARGON2],
    "disableableCredentialTypes": [],
    "requiredActions": [],
    "realmRoles": ["default-roles-acme", "editor"],
    "clientRoles": {"shop": ["buyer"]},
    "groups": ["/staff"],
    "notBefore": 0,
}


def realm(tmp_path: Path, *users: dict[str, Any]) -> Path:
    """Write a realm's export with users in it."""
    path = tmp_path / "acme-realm.json"
    roles = {"realm": [{"name": "editor", "attributes": {}}]}
    path.write_text(
        json.dumps({"id": "acme", "realm": "acme", "roles": roles, "users": users, "clients": []}, indent=2)
    )
    return path


def with_credentials(*credentials: dict[str, Any]) -> dict[str, Any]:
    """Give the user other credentials."""
    return ANN | {"credentials": list(credentials)}


def password(algorithm: str, digest: str, *, iterations: int = 1000, length: int | None = None) -> dict[str, Any]:
    """Hash `hello` as Keycloak's PBKDF2 does."""
    key = hashlib.pbkdf2_hmac(digest, b"hello", b"0123456789abcdef", iterations, length)
    return {
        "type": "password",
        "secretData": json.dumps({"value": b64encode(key).decode(), "salt": b64encode(b"0123456789abcdef").decode()}),
        "credentialData": json.dumps({"hashIterations": iterations, "algorithm": algorithm}),
    }


def test_an_account_comes_with_its_argon2(tmp_path: Path) -> None:
    ann = only(open_keycloak(realm(tmp_path, ANN)))
    assert (ann.external_id, ann.email, ann.email_verified, ann.username) == (ANN["id"], "ann@example.org", True, "ann")
    assert (ann.locked, ann.created_at) == (False, 1600000000000)
    assert ann.roles == ("default-roles-acme", "editor", "shop:buyer", "/staff")
    assert opens(ann, "iceberg")


def test_a_pbkdf2_that_keycloak_made_is_verified(tmp_path: Path) -> None:
    assert opens(only(open_keycloak(realm(tmp_path, with_credentials(PBKDF2)))), "password")


@pytest.mark.parametrize(
    ("algorithm", "digest", "length"),
    [
        ("pbkdf2", "sha1", 64),
        ("pbkdf2-sha256", "sha256", 64),
        ("pbkdf2-sha256", "sha256", 32),
        ("pbkdf2-sha512", "sha512", 64),
    ],
)
def test_each_pbkdf2_is_verified_also_where_its_key_is_longer_than_its_digest(
    tmp_path: Path, algorithm: str, digest: str, length: int
) -> None:
    given = password(algorithm, digest, length=length)
    assert opens(only(open_keycloak(realm(tmp_path, with_credentials(given)))), "hello")


def test_a_bcrypt_of_the_extension_is_verified(tmp_path: Path) -> None:
    given = {
        "type": "password",
        "secretData": json.dumps({"value": "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K", "salt": ""}),
        "credentialData": json.dumps({"hashIterations": -1, "algorithm": "bcrypt"}),
    }
    assert opens(only(open_keycloak(realm(tmp_path, with_credentials(given)))), "hello")


def test_who_is_unverified_disabled_or_without_a_password_stays_so(tmp_path: Path) -> None:
    bare = {"id": "1", "username": "b@example.org", "email": "b@example.org", "emailVerified": False, "enabled": False}
    came = only(open_keycloak(realm(tmp_path, bare)))
    assert (came.email_verified, came.locked, came.password) == (False, True, None)


def test_a_password_that_somebody_else_chose_does_not_come(tmp_path: Path) -> None:
    assert only(open_keycloak(realm(tmp_path, ANN | {"requiredActions": ["UPDATE_PASSWORD"]}))).password is None


def otp(value: str, **data: object) -> dict[str, Any]:
    """Enrol an app as Keycloak keeps it."""
    kept = {"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"} | data
    return {
        "type": "otp",
        "userLabel": "phone",
        "secretData": json.dumps({"value": value}),
        "credentialData": json.dumps(kept),
    }


def test_an_authenticator_app_comes_along_in_both_spellings(tmp_path: Path) -> None:
    as_text = otp("12345678901234567890")
    encoded = otp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", secretEncoding="BASE32", digits=8, algorithm="HmacSHA256")
    first, second = only(open_keycloak(realm(tmp_path, with_credentials(ARGON2, as_text, encoded)))).totp_secrets
    assert code_at(first.key, 1) == "287082"  # RFC 6238, appendix B
    assert second == ImportedTotp(label="phone", key=first.key, digits=8, period=30, algorithm="sha256")


def test_an_app_that_counts_cannot_come_and_is_said_to_be_there(tmp_path: Path) -> None:
    path = realm(tmp_path, with_credentials(ARGON2, otp("12345678901234567890", subType="hotp")))
    assert only(open_keycloak(path)).totp_secrets == (lost_factor("phone"),)


PASSKEY = {
    "type": "webauthn-passwordless",
    "userLabel": "laptop",
    "createdDate": 1650000000000,
    "secretData": "{}",
    "credentialData": json.dumps(
        {
            "aaguid": "08987058-cadc-4b81-b6e1-30de50dcbe96",
            "credentialId": b64encode(b"\xfb\xff\x01credential").decode(),
            "counter": 5,
            "credentialPublicKey": urlsafe_b64encode(b"\xa5\x01\x02\xfb\xff").decode().rstrip("="),
            "attestationStatementFormat": "none",
            "transports": ["internal", "hybrid"],
        }
    ),
}


def test_a_passkey_comes_along_for_the_host_it_was_made_for(tmp_path: Path) -> None:
    path = realm(tmp_path, with_credentials(ARGON2, PASSKEY))
    (key,) = only(open_keycloak(path, host="login.example.org")).passkeys
    assert (key.credential_id, key.public_key) == (b"\xfb\xff\x01credential", b"\xa5\x01\x02\xfb\xff")
    assert key.rp_id_hash == sha256(b"login.example.org").digest()
    assert (key.user_handle, key.sign_count, key.verifies) == (ANN["id"].encode(), 5, False)
    assert (key.name, key.transports, key.created_at) == ("laptop", ("internal", "hybrid"), 1650000000000)
    (unknown,) = only(open_keycloak(path)).passkeys
    assert unknown.rp_id_hash is None


def test_links_to_providers_come_along(tmp_path: Path) -> None:
    links = [
        {"identityProvider": "google", "userId": "1089", "userName": "ann@gmail.example"},
        {"identityProvider": "acme-saml", "userId": "G-7", "userName": "ann"},
    ]
    assert only(open_keycloak(realm(tmp_path, ANN | {"federatedIdentities": links}))).identities == (
        ImportedIdentity(provider="google", subject="1089", email="ann@gmail.example"),
        ImportedIdentity(provider="acme-saml", subject="G-7"),
    )


def changed(credential: dict[str, Any], field: str, **values: object) -> dict[str, Any]:
    """Change what stands in the JSON within a credential."""
    return credential | {field: json.dumps(json.loads(credential[field]) | values)}


@pytest.mark.parametrize(
    ("credential", "because"),
    [
        (changed(PBKDF2, "credentialData", algorithm="md5"), "hashed by an algorithm that is not read"),
        (changed(PBKDF2, "credentialData", hashIterations=2_000_001), "ceiling"),
        (changed(PBKDF2, "credentialData", hashIterations=0), "impossible parameters"),
        (changed(PBKDF2, "secretData", value="*"), "the hash is no base64"),
        (changed(PBKDF2, "secretData", value="AAAA"), "shorter than its digest"),
        (changed(ARGON2, "credentialData", additionalParameters={}), "no memory or parallelism"),
        (changed(ARGON2, "credentialData", additionalParameters={"version": ["1.0"], "memory": ["7168"]}), "version"),
        (changed(ARGON2, "credentialData", additionalParameters={"memory": ["262145"]}), "ceiling"),
        (PBKDF2 | {"secretData": "{"}, "secretData of the password is no JSON"),
    ],
    ids=["md5", "dear", "none", "base64", "short", "memory", "version", "dear argon2", "json"],
)
def test_a_hash_that_cannot_come_is_told_without_being_quoted(
    tmp_path: Path, credential: dict[str, Any], because: str
) -> None:
    (row,) = bad(open_keycloak(realm(tmp_path, with_credentials(credential))))
    assert row.where.endswith(f", {ANN['id']}")
    assert because.lower() in row.because.lower()
    assert "JsfNbCOI" not in row.because


def test_the_account_of_a_client_is_no_persons(tmp_path: Path) -> None:
    client = {"id": "1", "username": "service-account-shop", "serviceAccountClientId": "shop", "enabled": True}
    assert "make a service of it" in bad(open_keycloak(realm(tmp_path, client)))[0].because


def test_a_directory_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in (0, 2, 10):
        users = [ANN | {"id": f"{number}-{each}", "username": f"u{number}{each}"} for each in range(2)]
        (tmp_path / f"acme-users-{number}.json").write_text(json.dumps({"realm": "acme", "users": users}))
    (tmp_path / "acme-users-2.json").write_text('{"realm": "acme", "users": [{"id": "x"}]}')
    (tmp_path / "acme-realm.json").write_text('{"realm": "acme"}')
    rows = list(open_keycloak(tmp_path).rows())
    assert [row.where if isinstance(row, BadRow) else row.external_id for row in rows] == [
        "0-0",
        "0-1",
        "acme-users-2.json, line 1, x",
        "10-0",
        "10-1",
    ]


def test_a_directory_or_a_file_without_users_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        list(open_keycloak(tmp_path).rows())
    (tmp_path / "acme-realm.json").write_text('{"realm": "acme"}')
    with pytest.raises(ConfigurationError) as refused:
        list(open_keycloak(tmp_path / "acme-realm.json").rows())
    assert "no array under the key users" in str(refused.value)


def test_users_are_counted(tmp_path: Path) -> None:
    source = open_keycloak(realm(tmp_path, ANN, ANN))
    assert (source.name, source.count(), len(accounts(source))) == ("keycloak", 2, 2)
