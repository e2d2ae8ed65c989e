"""Accounts of Supabase: rows of `auth.users`, each with its identities and its second factors.

Its database itself is read, or a file of three forms: JSON, an object a line, as one query gives it
(`docs/importing-others.md` has it); CSV with the same columns; and a plain dump of the schema `auth`, whose tables are
put together here.

See: https://supabase.com/docs/guides/auth/managing-user-data, https://github.com/supabase/auth (`migrations`,
`internal/models`, `internal/crypto`).
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from coatcheck.clock import Instant
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
from coatcheck.importing.files.csv_rows import column_names, csv_rows
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.json_rows import json_rows
from coatcheck.importing.files.values import Quiet, Unfit, flag, form, from_base32, from_base64, moment
from coatcheck.importing.hashes import hash_from
from coatcheck.importing.sources.claims import role_names
from coatcheck.importing.sources.file_source import FileSource
from coatcheck.importing.sources.lost_factor import lost_factor
from coatcheck.importing.sources.supabase_database import stored_users
from coatcheck.importing.sources.supabase_dump import dumped_users

NAME: Final = "supabase"
PROVIDERS: Final = {"azure": "microsoft", "twitter": "x", "linkedin_oidc": "linkedin", "slack_oidc": "slack"}
_NO_PROVIDERS: Final = frozenset({"email", "phone"})
_FACTORS: Final = "mfa_factors"
_LISTS: Final = ("raw_app_meta_data", "identities", _FACTORS)
_NOBODY_SAID: Final = (
    "nothing is said of second factors; export them too, or say by an empty mfa_factors ([]) that there are none"
)


class _Identity(Quiet):
    provider: str
    provider_id: str | None = None
    id: str | None = None  # the provider's before `provider_id` was there
    email: str | None = None
    identity_data: dict[str, Any] | None = None


class _Flags(Quiet, rename="camel"):
    user_verified: bool = False
    backup_eligible: bool = False
    backup_state: bool = False


class _Authenticator(Quiet):
    aaguid: str | None = msgspec.field(default=None, name="AAGUID")
    sign_count: int = msgspec.field(default=0, name="signCount")


class _Credential(Quiet, rename="camel"):
    id: str
    public_key: str
    transport: list[str] | None = None
    flags: _Flags = msgspec.field(default_factory=_Flags)
    authenticator: _Authenticator = msgspec.field(default_factory=_Authenticator)


class _Factor(Quiet):
    factor_type: str
    status: str
    friendly_name: str | None = None
    secret: str | None = None
    web_authn_credential: _Credential | None = None


class _User(Quiet):
    id: str
    email: str | None = None
    encrypted_password: str | None = None
    email_confirmed_at: str | None = None
    banned_until: str | None = None
    created_at: str | None = None
    deleted_at: str | None = None
    is_anonymous: bool | str | None = None
    is_super_admin: bool | str | None = None
    raw_app_meta_data: dict[str, Any] | None = None
    identities: list[_Identity] | None = None
    mfa_factors: list[_Factor] | None = None


def open_supabase(path: Path, *, now: Instant, host: str | None = None) -> Source:
    """Open rows of `auth.users`: `.csv`, a dump in `.sql`, else JSON.

    Args:
        now: decides whether somebody is banned still.
        host: the host name that passkeys were registered for, which their rows do not say; without it none can come.
    """
    reader = _Reader(now, host)
    match path.name.removesuffix(".gz").rpartition(".")[2].lower():
        case "csv":
            find = partial(_from_csv, path)
        case "sql":
            find = partial(dumped_users, path)
        case _:
            find = partial(json_rows, path)
    return FileSource(NAME, find, reader.account, "id")


def open_supabase_database(url: str, *, now: Instant, host: str | None = None) -> Source:
    """Open the database itself, which is read page by page.

    Args:
        url: as SQLAlchemy spells it: `postgresql://…`.
        now: decides whether somebody is banned still.
        host: the host name that passkeys were registered for; without it none can come.
    """
    return FileSource(NAME, partial(stored_users, url), _Reader(now, host).account, "id")


def _from_csv(path: Path) -> Iterator[Found | BadRow]:
    if _FACTORS not in column_names(path):
        raise ConfigurationError(f"{path.name} has no column {_FACTORS}: {_NOBODY_SAID}")
    for found in csv_rows(path):
        if isinstance(found, Found):
            found.values.setdefault(_FACTORS, "[]")
        yield found


class _Reader:
    def __init__(self, now: Instant, host: str | None) -> None:
        self._now = now
        self._rp_id_hash = sha256(host.encode()).digest() if host else None

    def account(self, values: dict[str, Any]) -> ImportedAccount:
        """Make an account of a row."""
        user = form(_unwrapped(values), _User)
        if user.deleted_at:
            raise Unfit("it is deleted there")
        if _flag(user.is_anonymous, name="is_anonymous"):
            raise Unfit("it is an anonymous visitor and nobody's account")
        if user.mfa_factors is None:
            raise Unfit(_NOBODY_SAID)
        factors = [each for each in user.mfa_factors if each.status == "verified"]
        keys = [(each, key) for each in factors if (key := each.web_authn_credential) is not None]
        return ImportedAccount(
            external_id=user.id,
            email=user.email or None,
            email_verified=bool(user.email_confirmed_at),
            password=_password(user),
            locked=self._is_banned(user),
            created_at=moment(user.created_at, name="created_at") if user.created_at else None,
            roles=_roles(user),
            totp_secrets=tuple(_totp(each) for each in factors if each.web_authn_credential is None),
            passkeys=tuple(_passkey(key, each.friendly_name or "", user.id, self._rp_id_hash) for each, key in keys),
            identities=tuple(_identities(user.identities or [])),
        )

    def _is_banned(self, user: _User) -> bool:
        until = user.banned_until
        return bool(until) and (until == "infinity" or moment(until or "", name="banned_until") > self._now)


def _unwrapped(values: dict[str, Any]) -> dict[str, Any]:
    """Read what is JSON within a text, as CSV and dumps have it, and pass over what is null."""
    wrapped = {name: values[name] for name in _LISTS if isinstance(values.get(name), str)}
    try:
        return values | {name: msgspec.json.decode(text) for name, text in wrapped.items()}
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise Unfit(f"one of {', '.join(_LISTS)} is no JSON") from None


def _flag(value: bool | str | None, *, name: str) -> bool:
    return flag(value, name=name) if isinstance(value, str) else bool(value)


def _is_encrypted(text: str | None) -> bool:
    return (text or "").startswith("{")


def _password(user: _User) -> ImportedHash | None:
    if _is_encrypted(user.encrypted_password):
        raise Unfit("its password is encrypted: decrypt the column first (Supabase Auth's DB_ENCRYPTION)")
    return hash_from(user.encrypted_password) if user.encrypted_password else None


def _roles(user: _User) -> tuple[str, ...]:
    is_super = _flag(user.is_super_admin, name="is_super_admin")
    return (*role_names(user.raw_app_meta_data or {}), *(["super_admin"] if is_super else []))


def _totp(factor: _Factor) -> ImportedTotp:
    label = factor.friendly_name or "Supabase"
    if factor.factor_type != "totp" or not factor.secret or _is_encrypted(factor.secret):
        return lost_factor(label)
    return ImportedTotp(label=label, key=from_base32(factor.secret, name="the secret of the authenticator app"))


def _passkey(given: _Credential, name: str, user_id: str, rp_id_hash: bytes | None) -> ImportedPasskey:
    """Give a passkey; Supabase told its device the user's id as the handle."""
    return ImportedPasskey(
        credential_id=from_base64(given.id, name="the id of a passkey"),
        public_key=from_base64(given.public_key, name="the key of a passkey"),
        sign_count=given.authenticator.sign_count,
        name=name,
        rp_id_hash=rp_id_hash,
        user_handle=user_id.encode(),
        backup_eligible=given.flags.backup_eligible,
        backed_up=given.flags.backup_state,
        verifies=given.flags.user_verified,
        aaguid=_uuid(from_base64(given.authenticator.aaguid or "", name="the model of a passkey")),
        transports=tuple(given.transport or ()),
    )


def _uuid(raw: bytes) -> str:
    text = (raw if len(raw) == 16 else bytes(16)).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _identities(given: list[_Identity]) -> Iterator[ImportedIdentity]:
    for each in given:
        if each.provider not in _NO_PROVIDERS and (subject := each.provider_id or each.id):
            provider = PROVIDERS.get(each.provider, each.provider)
            yield ImportedIdentity(provider=provider, subject=subject, email=_email_of(each))


def _email_of(identity: _Identity) -> str | None:
    """Give the address; a dump has no column that the database computes, so there it stands in the data alone."""
    told = identity.email or (identity.identity_data or {}).get("email")
    return told if isinstance(told, str) else None
