"""Accounts out of files of one's own: CSV with named columns, or JSON, an object a line; the names are the same.

A name that is not in `COLUMNS` is refused: a slip in one would lose all passwords without a word.
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import (
    BadRow,
    ImportedAccount,
    ImportedIdentity,
    ImportedPasskey,
    ImportedTotp,
    Source,
)
from coatcheck.importing.files.csv_rows import column_names, csv_rows
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.json_rows import json_rows
from coatcheck.importing.files.values import Quiet, Unfit, flag, form, form_of_text, from_base32, from_base64, moment
from coatcheck.importing.hashes import hash_from
from coatcheck.importing.sources.file_source import FileSource

NAME: Final = "lines"
_NO_MODEL: Final = "00000000-0000-0000-0000-000000000000"
_Kind = TypeVar("_Kind")


class _Totp(Quiet, forbid_unknown_fields=True):
    secret: str
    label: str = ""
    digits: int = 6
    period: int = 30
    algorithm: str = "sha1"


class _Link(Quiet, forbid_unknown_fields=True):
    provider: str
    subject: str
    email: str | None = None


class _Passkey(Quiet, forbid_unknown_fields=True):
    credential_id: str
    public_key: str
    host: str
    sign_count: int = 0
    user_handle: str | None = None
    name: str = ""
    backup_eligible: bool = False
    backed_up: bool = False
    verifies: bool = False
    aaguid: str = _NO_MODEL
    transports: list[str] = msgspec.field(default_factory=list)
    created_at: str | None = None


class _Line(Quiet, forbid_unknown_fields=True):
    external_id: str | int
    email: str | None = None
    email_verified: bool | str | None = None
    username: str | None = None
    password_hash: str | None = None
    locked: bool | str | None = None
    created_at: str | None = None
    roles: list[str] | str | None = None
    totp_secret: str | None = None
    totp_secrets: list[_Totp] | str | None = None
    backup_codes: list[str] | str | None = None
    passkeys: list[_Passkey] | str | None = None
    identities: list[_Link] | str | None = None


COLUMNS: Final = _Line.__struct_fields__
"""Every name that a column, or a key, may have."""


def open_lines(path: Path) -> Source:
    """Open a file of one's own: CSV where its name ends with `.csv`, else JSON."""
    is_csv = path.name.removesuffix(".gz").lower().endswith(".csv")
    find = partial(_from_csv if is_csv else json_rows, path)
    return FileSource(NAME, find, _account, "external_id")


def _from_csv(path: Path) -> Iterator[Found | BadRow]:
    names = column_names(path)
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ConfigurationError(
            f"the column {unknown[0]!r} is none of {', '.join(COLUMNS)}; rename it or leave it out"
        )
    if names and "external_id" not in names:
        raise ConfigurationError("the column external_id is missing: it is what makes an account come over once")
    yield from csv_rows(path)


def _account(values: dict[str, Any]) -> ImportedAccount:
    line = form(values, _Line)
    return ImportedAccount(
        external_id=str(line.external_id),
        email=line.email or None,
        email_verified=_flag(line.email_verified, name="email_verified"),
        username=line.username or None,
        password=hash_from(line.password_hash) if line.password_hash else None,
        locked=_flag(line.locked, name="locked"),
        created_at=moment(line.created_at, name="created_at") if line.created_at else None,
        roles=tuple(_parts(line.roles)),
        totp_secrets=tuple(_totp(line)),
        backup_codes=tuple(_parts(line.backup_codes)),
        passkeys=tuple(_passkey(each) for each in _list(line.passkeys, list[_Passkey], name="passkeys")),
        identities=tuple(_identities(line.identities)),
    )


def _flag(value: bool | str | None, *, name: str) -> bool:
    return flag(value, name=name) if isinstance(value, str) else bool(value)


def _parts(given: list[str] | str | None) -> list[str]:
    """Give the parts of a cell, which a semicolon parts, or a list."""
    several = given.split(";") if isinstance(given, str) else given or []
    return [part for each in several if (part := each.strip())]


def _list(given: _Kind | str | None, kind: type[_Kind], *, name: str) -> _Kind:
    """Give a list, or what a cell holds of it in JSON."""
    if isinstance(given, str):
        return form_of_text(given, kind, name=name)
    return kind() if given is None else given


def _totp(line: _Line) -> Iterator[ImportedTotp]:
    if line.totp_secret:
        yield ImportedTotp(label="", key=from_base32(line.totp_secret, name="totp_secret"))
    for each in _list(line.totp_secrets, list[_Totp], name="totp_secrets"):
        yield ImportedTotp(
            label=each.label,
            key=from_base32(each.secret, name="totp_secrets"),
            digits=each.digits,
            period=each.period,
            algorithm=each.algorithm.lower().replace("-", ""),
        )


def _passkey(given: _Passkey) -> ImportedPasskey:
    return ImportedPasskey(
        credential_id=from_base64(given.credential_id, name="credential_id of a passkey"),
        public_key=from_base64(given.public_key, name="public_key of a passkey"),
        sign_count=given.sign_count,
        name=given.name,
        rp_id_hash=sha256(given.host.encode("utf-8", "surrogatepass")).digest(),
        user_handle=from_base64(given.user_handle, name="user_handle of a passkey") if given.user_handle else None,
        backup_eligible=given.backup_eligible,
        backed_up=given.backed_up,
        verifies=given.verifies,
        aaguid=given.aaguid,
        transports=tuple(given.transports),
        created_at=moment(given.created_at, name="created_at of a passkey") if given.created_at else None,
    )


def _identities(given: list[_Link] | str | None) -> Iterator[ImportedIdentity]:
    """Give the links to providers; a cell names them as `google:1089;github:77`."""
    if isinstance(given, str) and not given.lstrip().startswith("["):
        for part in _parts(given):
            provider, colon, subject = part.partition(":")
            if not (provider and colon and subject):
                raise Unfit("identities are not written as provider:subject")
            yield ImportedIdentity(provider=provider, subject=subject)
        return
    for each in _list(given, list[_Link], name="identities"):
        yield ImportedIdentity(provider=each.provider, subject=each.subject, email=each.email)
