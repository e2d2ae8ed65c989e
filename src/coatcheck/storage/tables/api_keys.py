"""API keys: one row for each that was made and not revoked."""

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text

from coatcheck.storage.tables.metadata import Id, Moment, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    # A person or a service, so there is no foreign key: who closes or disables one ends its keys.
    Column("owner", Id, nullable=False),
    Column("name", String(60), nullable=False),
    # The first letters of it, by which its owner knows it again; 168 random bits are left.
    Column("hint", String(24), nullable=False),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    # It is refused from `expires_at` on; until this its owner still sees why.
    Column("kept_until", Moment, nullable=False, index=True),
    Index("ix_api_keys_owner_created_at", "owner", "created_at"),
    info={"expires": "kept_until"},
)
