"""Every table, one file a room, so that migrations and clean-up see all of them."""

from coatcheck.storage.tables import (
    access,
    accounts,
    admin,
    audit,
    clients,
    ephemeral,
    keys,
    leases,
    limits,
    mail,
    my_account,
    passwords,
    recovery,
    revocation,
    sessions,
    signup,
    tokens,
)
from coatcheck.storage.tables.metadata import metadata

__all__ = [
    "access",
    "accounts",
    "admin",
    "audit",
    "clients",
    "ephemeral",
    "keys",
    "leases",
    "limits",
    "mail",
    "metadata",
    "my_account",
    "passwords",
    "recovery",
    "revocation",
    "sessions",
    "signup",
    "tokens",
]
