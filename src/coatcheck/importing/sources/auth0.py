"""Accounts of Auth0: the users export (a JSON object a line), and beside it the export of password hashes.

The Management API gives no passwords; the support sends their hashes as a second file, which names accounts by another
id. The hashes are put aside first, then the users are read. A file in the form of Auth0's bulk import is read too, and
so is the file of hashes alone.

See: https://auth0.com/docs/manage-users/user-migration/bulk-user-exports,
https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples,
https://support.auth0.com/center/s/article/How-to-Use-the-Password-Hashes-Export-from-Auth0.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from coatcheck.importing.account import (
    BadRow,
    ImportedAccount,
    ImportedHash,
    ImportedIdentity,
    ImportedTotp,
    Row,
    Source,
)
from coatcheck.importing.files.json_rows import json_rows
from coatcheck.importing.files.records import Aside
from coatcheck.importing.files.values import Quiet, Unfit, form, from_base32, from_base64, moment, read_row
from coatcheck.importing.hashes import hash_from, weighed
from coatcheck.importing.sources.claims import role_names
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.passwords.schemes.scrypt import spell_scrypt

NAME: Final = "auth0"
PROVIDERS: Final = {"google-oauth2": "google", "windowslive": "microsoft", "twitter": "x"}
_OWN: Final = frozenset({"auth0", "email", "sms"})
_AS_THEY_ARE: Final = frozenset({"argon2", "bcrypt", "pbkdf2"})
_TEXTS_LIKE_OURS: Final = frozenset({"utf8", "ascii"})


class _Oid(Quiet):
    oid: str = msgspec.field(name="$oid")


class _Identity(Quiet):
    provider: str
    user_id: str | int
    connection: str | None = None
    profileData: dict[str, Any] | None = None  # noqa: N815 (as Auth0 has it)


class _Identifier(Quiet):
    type: str
    value: str
    verified: bool = False


class _Encoded(Quiet):
    value: str
    encoding: str | None = None


class _Encoding(Quiet):
    encoding: str = "utf8"


class _CustomHash(Quiet):
    algorithm: str
    hash: _Encoded
    salt: _Encoded | None = None
    password: _Encoding | None = None
    cost: int = 16384
    block_size: int = msgspec.field(default=8, name="blockSize")
    parallelization: int = 1


class _TotpSecret(Quiet):
    secret: str


class _Factor(Quiet):
    totp: _TotpSecret | None = None


class _User(Quiet):
    user_id: str | None = None
    object_id: _Oid | None = msgspec.field(default=None, name="_id")
    alt_id: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    username: str | None = None
    identifiers: list[_Identifier] | None = None
    blocked: bool | None = None
    created_at: str | None = None
    identities: list[_Identity] | None = None
    app_metadata: dict[str, Any] | None = None
    multifactor: list[Any] | None = None
    mfa_factors: list[_Factor] | None = None
    password_hash: str | None = None
    exported_hash: str | None = msgspec.field(default=None, name="passwordHash")
    custom_password_hash: _CustomHash | None = None


def open_auth0(path: Path, *, hashes: Path | None = None) -> Source:
    """Open an export of users, and beside it the one of their password hashes.

    Args:
        hashes: the export of password hashes; without it accounts come without passwords, unless the users' file
            has them.
    """
    return _Auth0(path, hashes)


class _Auth0:
    name = NAME

    def __init__(self, path: Path, hashes: Path | None) -> None:
        self._path = path
        self._hashes = hashes

    def count(self) -> int | None:
        """Count the users by reading through their file once."""
        return sum(1 for _ in json_rows(self._path))

    def rows(self) -> Iterator[Row]:
        """Give every user, and before them what is bad in the file of hashes."""
        with Aside() as hashes:
            yield from self._put_aside(hashes)
            for found in json_rows(self._path):
                yield read_row(found, lambda values: _account(values, hashes), "user_id", "email")

    def _put_aside(self, hashes: Aside) -> Iterator[BadRow]:
        for found in json_rows(self._hashes) if self._hashes else ():
            if isinstance(found, BadRow):
                yield BadRow(f"hashes, {found.where}", found.because)
                continue
            try:
                user = form(found.values, _User)
                hashes.put([(_id_of(user), user.exported_hash)] if user.exported_hash else [])
            except (msgspec.ValidationError, Unfit):
                yield BadRow(f"hashes, {found.where}", "it has no id, or an unexpected form")


def _account(values: dict[str, Any], hashes: Aside) -> ImportedAccount:
    user = form(values, _User)
    email, is_verified = _email_of(user)
    return ImportedAccount(
        external_id=_id_of(user),
        email=email,
        email_verified=is_verified,
        username=user.username or _identifier(user, "username"),
        password=_password_of(user, hashes),
        locked=bool(user.blocked),
        created_at=moment(user.created_at, name="created_at") if user.created_at else None,
        roles=role_names(user.app_metadata or {}),
        totp_secrets=tuple(_factors(user)),
        identities=tuple(_identities(user.identities or [])),
    )


def _factors(user: _User) -> Iterator[ImportedTotp]:
    given = user.mfa_factors or []
    for factor in given:
        if factor.totp:
            key = from_base32(factor.totp.secret, name="the secret of the authenticator app")
            yield ImportedTotp(label="Auth0", key=key)
        else:
            yield lost_factor("Auth0")
    if user.multifactor and not given:
        yield lost_factor("Auth0")


def _id_of(user: _User) -> str:
    """Give an id as Auth0's users have it; the file of hashes has its parts.

    Raises:
        Unfit: there is none.
    """
    if user.user_id:
        return user.user_id
    if own := user.alt_id or (user.object_id and user.object_id.oid):
        return f"auth0|{own}"
    raise Unfit("it has no user_id")


def _email_of(user: _User) -> tuple[str | None, bool]:
    for each in user.identifiers or []:
        if each.type == "email" and not user.email:
            return each.value, each.verified
    return user.email or None, bool(user.email and user.email_verified)


def _identifier(user: _User, kind: str) -> str | None:
    return next((each.value for each in user.identifiers or [] if each.type == kind), None)


def _password_of(user: _User, hashes: Aside) -> ImportedHash | None:
    if user.custom_password_hash:
        return _custom(user.custom_password_hash)
    text = user.password_hash or user.exported_hash or next(iter(hashes.of(_id_of(user))), None)
    return hash_from(text) if text else None


def _custom(given: _CustomHash) -> ImportedHash:
    if given.password and given.password.encoding not in _TEXTS_LIKE_OURS:
        raise Unfit(f"its password was hashed as {given.password.encoding}, not as UTF-8")
    if given.algorithm in _AS_THEY_ARE:
        return hash_from(given.hash.value)
    if given.algorithm != "scrypt":
        raise Unfit(f"its password is hashed by {given.algorithm}, which is not read")
    salt = _decoded(given.salt or _Encoded(value=""), usual="utf8", name="the salt of the hash")
    key = _decoded(given.hash, usual="base64", name="the hash")
    return weighed(spell_scrypt(n=given.cost, r=given.block_size, p=given.parallelization, salt=salt, key=key))


def _decoded(given: _Encoded, *, usual: str, name: str) -> bytes:
    match given.encoding or usual:
        case "base64":
            return from_base64(given.value, name=name)
        case "hex":
            try:
                return bytes.fromhex(given.value)
            except ValueError:
                raise Unfit(f"{name} is no hexadecimal") from None
        case "utf8":
            return given.value.encode("utf-8", "surrogatepass")
        case _:
            raise Unfit(f"{name} has an unknown encoding")


def _identities(given: list[_Identity]) -> Iterator[ImportedIdentity]:
    """Give the links to providers. A company's connection has a name of its own, which its ids begin with."""
    for each in given:
        if each.provider not in _OWN:
            connection = each.connection or each.provider
            email = (each.profileData or {}).get("email")
            yield ImportedIdentity(
                provider=PROVIDERS.get(connection, connection),
                subject=str(each.user_id).removeprefix(f"{connection}|"),
                email=email if isinstance(email, str) else None,
            )
