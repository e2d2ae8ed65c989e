"""Accounts of Keycloak: a realm's export with its users, as `kc.sh export` writes it.

The export is one file with the realm and its users, or a directory with the users in files of their own
(`--users different_files`); the console's own export leaves users and secrets out.

See: https://www.keycloak.org/server/importExport, and in its source `org.keycloak.models.credential.dto`.
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import (
    BadRow,
    ImportedAccount,
    ImportedHash,
    ImportedIdentity,
    ImportedPasskey,
    ImportedTotp,
    Source,
)
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.json_rows import json_rows
from coatcheck.importing.files.values import Quiet, Unfit, form, form_of_text, from_base32, from_base64
from coatcheck.importing.hashes import hash_from, weighed
from coatcheck.importing.sources.file_source import FileSource
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.passwords.schemes.argon2id import spell_argon2
from coatcheck.passwords.schemes.pbkdf2 import spell_pbkdf2

NAME: Final = "keycloak"
_DIGESTS: Final = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}
_PASSKEYS: Final = ("webauthn", "webauthn-passwordless")
_ENCODED: Final = ("BASE32",)
_MUST_CHANGE: Final = "UPDATE_PASSWORD"
_KINDS: Final = {"id", "i", "d"}
_VERSION: Final = "1.3"


class _Credential(Quiet, rename="camel"):
    type: str
    user_label: str | None = None
    created_date: int | None = None
    secret_data: str = ""
    credential_data: str = "{}"


class _PasswordSecret(Quiet):
    value: str
    salt: str | None = None


class _PasswordData(Quiet, rename="camel"):
    algorithm: str
    hash_iterations: int = 0
    additional_parameters: dict[str, list[str]] | None = None


class _OtpSecret(Quiet):
    value: str


class _OtpData(Quiet, rename="camel"):
    sub_type: str = "totp"
    digits: int = 6
    period: int = 30
    algorithm: str = "HmacSHA1"
    secret_encoding: str | None = None


class _PasskeyData(Quiet, rename="camel"):
    credential_id: str
    credential_public_key: str
    counter: int = 0
    aaguid: str | None = None
    transports: list[str] | None = None


class _Federated(Quiet, rename="camel"):
    identity_provider: str
    user_id: str
    user_name: str | None = None


class _User(Quiet, rename="camel"):
    username: str
    id: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    enabled: bool | None = None
    created_timestamp: int | None = None
    credentials: list[_Credential] | None = None
    federated_identities: list[_Federated] | None = None
    realm_roles: list[str] | None = None
    client_roles: dict[str, list[str]] | None = None
    groups: list[str] | None = None
    required_actions: list[str] | None = None
    service_account_client_id: str | None = None
    federation_link: str | None = None


def open_keycloak(path: Path, *, host: str | None = None) -> Source:
    """Open the export of a realm: its file, or the directory with `REALM-users-0.json` and so on.

    Args:
        host: the host name that passkeys were registered for, which the export of users does not say; without it none
            can come over.
    """
    return FileSource(NAME, partial(_found, path), partial(_account, _rp_id_hash(host)), "id", "username")


def _found(path: Path) -> Iterator[Found | BadRow]:
    if not path.is_dir():
        yield from json_rows(path, under="users")
        return
    files = sorted(path.glob("*-users-*.json"), key=lambda each: (len(each.name), each.name))
    if not files:
        raise ConfigurationError(f"{path} holds no file such as REALM-users-0.json")
    for file in files:
        for found in json_rows(file, under="users"):
            yield msgspec.structs.replace(found, where=f"{file.name}, {found.where}")


def _rp_id_hash(host: str | None) -> bytes | None:
    return sha256(host.encode()).digest() if host else None


def _account(rp_id_hash: bytes | None, values: dict[str, Any]) -> ImportedAccount:
    user = form(values, _User)
    if user.service_account_client_id:
        raise Unfit("it is the account of a client, no person's; make a service of it")
    external_id, credentials = user.id or user.username, user.credentials or []
    return ImportedAccount(
        external_id=external_id,
        email=user.email or None,
        email_verified=bool(user.email_verified),
        username=user.username,
        password=_password(user),
        locked=user.enabled is False,
        created_at=user.created_timestamp,
        roles=_roles(user),
        totp_secrets=tuple(_totp(each) for each in credentials if each.type == "otp"),
        passkeys=tuple(_passkey(each, rp_id_hash, external_id) for each in credentials if each.type in _PASSKEYS),
        identities=tuple(_identities(user)),
    )


def _password(user: _User) -> ImportedHash | None:
    """Give the password, unless its owner was to replace it at once: then somebody else chose it, and may know it."""
    if _MUST_CHANGE in (user.required_actions or []):
        return None
    for each in user.credentials or []:
        if each.type == "password":
            secret = form_of_text(each.secret_data, _PasswordSecret, name="secretData of the password")
            data = form_of_text(each.credential_data, _PasswordData, name="credentialData of the password")
            return _hash(secret, data)
    return None


def _hash(secret: _PasswordSecret, data: _PasswordData) -> ImportedHash:
    if data.algorithm == "bcrypt":  # of a widely used extension: the text is the whole of it
        return hash_from(secret.value)
    salt = from_base64(secret.salt or "", name="the salt of the hash")
    key = from_base64(secret.value, name="the hash")
    if data.algorithm == "argon2":
        return _argon2(data, salt, key)
    digest = _DIGESTS.get(data.algorithm)
    if digest is None:
        raise Unfit("its password is hashed by an algorithm that is not read")
    return weighed(spell_pbkdf2(digest=digest, iterations=data.hash_iterations, salt=salt, key=key))


def _argon2(data: _PasswordData, salt: bytes, key: bytes) -> ImportedHash:
    given = {name: several[0] for name, several in (data.additional_parameters or {}).items() if several}
    kind, version = given.get("type", "id"), given.get("version", _VERSION)
    if kind not in _KINDS or version != _VERSION:
        raise Unfit("its password is hashed by a kind or version of argon2 that is not read")
    memory, lanes = given.get("memory", ""), given.get("parallelism", "1")
    if not (memory.isdecimal() and lanes.isdecimal()):
        raise Unfit("its password's argon2 has no memory or parallelism")
    spelled = spell_argon2(
        kind=kind, memory_kib=int(memory), time=data.hash_iterations, lanes=int(lanes), salt=salt, digest=key
    )
    return weighed(spelled)


def _totp(credential: _Credential) -> ImportedTotp:
    """Give the key of an app: Keycloak keeps the text itself whose bytes are the key, unless it says base32."""
    data = form_of_text(credential.credential_data, _OtpData, name="credentialData of a second factor")
    if data.sub_type != "totp":  # its codes are counted, not timed
        return lost_factor(credential.user_label or "Keycloak")
    text = form_of_text(credential.secret_data, _OtpSecret, name="secretData of a second factor").value
    is_encoded = data.secret_encoding in _ENCODED
    return ImportedTotp(
        label=credential.user_label or "Keycloak",
        key=from_base32(text, name="the secret of the authenticator app") if is_encoded else text.encode(),
        digits=data.digits,
        period=data.period,
        algorithm=data.algorithm.lower().removeprefix("hmac"),
    )


def _passkey(credential: _Credential, rp_id_hash: bytes | None, external_id: str) -> ImportedPasskey:
    """Give a passkey; Keycloak told its device the user's id as the handle."""
    data = form_of_text(credential.credential_data, _PasskeyData, name="credentialData of a passkey")
    return ImportedPasskey(
        credential_id=from_base64(data.credential_id, name="the id of a passkey"),
        public_key=from_base64(data.credential_public_key, name="the key of a passkey"),
        sign_count=data.counter,
        name=credential.user_label or "",
        rp_id_hash=rp_id_hash,
        user_handle=external_id.encode(),
        aaguid=data.aaguid or "00000000-0000-0000-0000-000000000000",
        transports=tuple(each.lower() for each in data.transports or []),
        created_at=credential.created_date,
    )


def _roles(user: _User) -> tuple[str, ...]:
    of_clients = [f"{client}:{role}" for client, roles in (user.client_roles or {}).items() for role in roles]
    return (*(user.realm_roles or []), *of_clients, *(user.groups or []))


def _identities(user: _User) -> Iterator[ImportedIdentity]:
    for each in user.federated_identities or []:
        name = each.user_name or ""
        yield ImportedIdentity(
            provider=each.identity_provider, subject=each.user_id, email=name if "@" in name else None
        )
