"""Supabase's accounts straight from its database, in the form of the query that the docs have."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from coatcheck.importing.files.found import Found
from coatcheck.importing.sources.records import FoundRow, Tables

_USERS: Final = "auth.users"
_IDENTITIES: Final = "auth.identities"
_FACTORS: Final = "auth.mfa_factors"
_USER: Final = (
    "email", "encrypted_password", "email_confirmed_at", "banned_until", "created_at", "deleted_at", "is_anonymous",
    "is_super_admin", "raw_app_meta_data",
)  # fmt: skip
_IDENTITY: Final = ("id", "provider", "provider_id", "email", "identity_data")
_FACTOR: Final = ("id", "factor_type", "status", "friendly_name", "secret", "web_authn_credential")
_AS_JSON: Final = ("raw_app_meta_data", "identity_data", "web_authn_credential")


def stored_users(url: str) -> Iterator[Found]:
    """Give every user of a database, page by page.

    Args:
        url: as SQLAlchemy spells it; whoever reads needs to see the schema `auth`.

    Raises:
        ConfigurationError: the database cannot be read, or has no such tables.
    """
    tables = Tables(url)
    try:
        tables.demand(_USERS, "id", *_USER[:2])
        tables.demand(_IDENTITIES, "user_id", "provider")
        tables.demand(_FACTORS, "user_id", "status", "secret")
        for page in tables.pages(_USERS, _USER):
            ids = [each["id"] for each in page]
            identities = tables.of(_IDENTITIES, _IDENTITY, owner="user_id", owners=ids)
            factors = tables.of(_FACTORS, _FACTOR, owner="user_id", owners=ids)
            for user in page:
                yield _found(user, identities.get(user["id"], ()), factors.get(user["id"], ()))
    finally:
        tables.close()


def _found(user: FoundRow, identities: Sequence[FoundRow], factors: Sequence[FoundRow]) -> Found:
    parts = {"identities": list(map(_plain, identities)), "mfa_factors": list(map(_plain, factors))}
    return Found("auth.users", _plain(user) | parts)


def _plain(row: FoundRow) -> dict[str, Any]:
    """Give a row as JSON would have it: moments and ids as texts."""
    plain: dict[str, Any] = msgspec.to_builtins(dict(row))
    texts = {name: plain[name] for name in _AS_JSON if isinstance(plain.get(name), str)}
    return plain | {name: msgspec.json.decode(text) for name, text in texts.items()}
