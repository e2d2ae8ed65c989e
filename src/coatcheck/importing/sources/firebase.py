"""Accounts of Firebase Authentication: the file of `firebase auth:export`, in JSON or CSV.

Beside it the project's password hash parameters, from the console: without the signer key no password can be checked.
They are read from a file, as the key is a secret, and nothing of the key is kept (`passwords.schemes.firebase_scrypt`).
The export names no second factors, and of the providers four: Google, Facebook, Twitter and GitHub.

See: https://firebase.google.com/docs/cli/auth, https://github.com/firebase/firebase-tools (`src/accountExporter.ts`).
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import BadRow, ImportedAccount, ImportedHash, ImportedIdentity, Source
from coatcheck.importing.files.csv_rows import csv_rows
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.json_rows import json_rows
from coatcheck.importing.files.values import Quiet, Unfit, flag, form, form_of_text, from_base64
from coatcheck.importing.hashes import weighed
from coatcheck.importing.sources.claims import role_names
from coatcheck.importing.sources.file_source import FileSource
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.passwords.schemes.firebase_scrypt import spell_firebase
from coatcheck.secret import Veiled

NAME: Final = "firebase"
PROVIDERS: Final = {
    "google.com": "google",
    "facebook.com": "facebook",
    "github.com": "github",
    "twitter.com": "x",
    "apple.com": "apple",
    "microsoft.com": "microsoft",
}
_NO_PROVIDERS: Final = frozenset({"password", "phone", "firebase", "anonymous"})
_SETTING = re.compile(r'"?(\w+)"?\s*[:=]\s*"?([^\s",}]*)')
_FIRST: Final = ("localId", "email", "emailVerified", "passwordHash", "salt", "displayName", "photoUrl")
_IN_CSV: Final = ("google.com", "facebook.com", "twitter.com", "github.com")
_PARTS: Final = ("rawId", "email", "displayName", "photoUrl")
_LAST: Final = ("createdAt", "lastSignedInAt", "phoneNumber", "disabled", "customAttributes")
COLUMNS: Final = (*_FIRST, *(f"{provider} {part}" for provider in _IN_CSV for part in _PARTS), *_LAST)
"""What stands where in a row of the CSV file, which has no row that says so."""


class HashConfig(Veiled, frozen=True, kw_only=True):
    """Hold a project's password hash parameters.

    Args:
        rounds: scrypt's block size.
        mem_cost: the power of two of scrypt's N.
    """

    veils: ClassVar = frozenset({"signer_key"})

    signer_key: bytes
    salt_separator: bytes = b""
    rounds: int = 8
    mem_cost: int = 14


class _Link(Quiet, rename="camel"):
    provider_id: str
    raw_id: str | None = None
    email: str | None = None


class _User(Quiet, rename="camel"):
    local_id: str
    email: str | None = None
    email_verified: bool | None = None
    password_hash: str | None = None
    salt: str | None = None
    created_at: int | None = None
    disabled: bool | None = None
    custom_attributes: str | None = None
    provider_user_info: list[_Link] | None = None
    mfa_info: list[Any] | None = None


def read_hash_config(text: str) -> HashConfig:
    """Read password hash parameters as the console shows them (`hash_config { … }`), or the same names in JSON.

    Raises:
        ConfigurationError: one is missing or no such value, or the algorithm is another than Firebase's scrypt.
    """
    given = {name.lower(): value for name, value in _SETTING.findall(text)}
    if given.get("algorithm", "SCRYPT").upper() != "SCRYPT":
        raise ConfigurationError("the hash parameters are not of SCRYPT, and no other algorithm is read")
    try:
        return HashConfig(
            signer_key=_key(given["base64_signer_key"]),
            salt_separator=from_base64(given.get("base64_salt_separator", ""), name="base64_salt_separator"),
            rounds=int(given["rounds"]),
            mem_cost=int(given["mem_cost"]),
        )
    except KeyError as missing:
        raise ConfigurationError(f"the hash parameters have no {missing.args[0]}") from None
    except Unfit as unfit:
        raise ConfigurationError(f"the hash parameters: {unfit}") from None
    except ValueError:
        raise ConfigurationError("the hash parameters rounds and mem_cost must be numbers") from None


def open_firebase(path: Path, *, hash_config: HashConfig | None = None) -> Source:
    """Open an export of Firebase; CSV where the file's name ends so, else JSON.

    Args:
        hash_config: the project's; without it the file must hold no passwords.
    """
    is_csv = path.name.removesuffix(".gz").lower().endswith(".csv")
    reader = _Reader(hash_config)
    find = partial(_from_csv, path) if is_csv else partial(json_rows, path, under="users")
    return FileSource(NAME, find, reader.account, "localId")


class _Reader:
    def __init__(self, hash_config: HashConfig | None) -> None:
        self._config = hash_config

    def account(self, values: dict[str, Any]) -> ImportedAccount:
        """Make an account of what the export says."""
        user = form(values, _User)
        return ImportedAccount(
            external_id=user.local_id,
            email=user.email or None,
            email_verified=bool(user.email_verified),
            password=self._password(user),
            locked=bool(user.disabled),
            created_at=user.created_at,
            roles=_roles(user.custom_attributes),
            totp_secrets=tuple(lost_factor("Firebase") for _ in user.mfa_info or []),
            identities=tuple(_identities(user.provider_user_info or [])),
        )

    def _password(self, user: _User) -> ImportedHash | None:
        if not user.password_hash:
            return None
        if self._config is None:
            raise ConfigurationError("the file holds passwords: the project's hash parameters are needed")
        return weighed(
            spell_firebase(
                hashed=from_base64(user.password_hash, name="passwordHash"),
                salt=from_base64(user.salt or "", name="salt") + self._config.salt_separator,
                signer_key=self._config.signer_key,
                mem_cost=self._config.mem_cost,
                rounds=self._config.rounds,
            )
        )


def _key(text: str) -> bytes:
    if len(raw := from_base64(text, name="base64_signer_key")) < 32:
        raise Unfit("base64_signer_key is too short to be one")
    return raw


def _roles(claims: str | None) -> tuple[str, ...]:
    return role_names(form_of_text(claims, dict[str, Any], name="customAttributes")) if claims else ()


def _identities(links: list[_Link]) -> Iterator[ImportedIdentity]:
    for link in links:
        if link.raw_id and link.provider_id not in _NO_PROVIDERS:
            provider = PROVIDERS.get(link.provider_id, link.provider_id)
            yield ImportedIdentity(provider=provider, subject=link.raw_id, email=link.email or None)


def _from_csv(path: Path) -> Iterator[Found | BadRow]:
    for found in csv_rows(path, columns=COLUMNS):
        yield _with_links(found) if isinstance(found, Found) else found


def _with_links(found: Found) -> Found | BadRow:
    """Give a row of the CSV file the form of the other one.

    The tool writes a quote within a name as it is, so a name can push all cells behind it along. Nothing but a time in
    the column of times, and yes or no where one belongs, says that each is where it should be.
    """
    row = found.values
    try:
        row |= {name: flag(row.get(name, ""), name=name) for name in ("emailVerified", "disabled")}
    except Unfit:
        return BadRow(found.where, "its cells are not in their columns")
    if not str(row.get("createdAt", "")).isdecimal():
        return BadRow(found.where, "its cells are not in their columns")
    links = [
        {"providerId": provider, "rawId": row[f"{provider} rawId"], "email": row.get(f"{provider} email")}
        for provider in _IN_CSV
        if f"{provider} rawId" in row
    ]
    return Found(found.where, {**row, "providerUserInfo": links})
