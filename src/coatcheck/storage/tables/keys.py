"""Signing keys: what tokens are signed with, the private part encrypted."""

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

# The number is what two processes that make a key at once compete for.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Id, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("algorithm", String(8), nullable=False),
    Column("private", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("signs_from", Moment, nullable=False),
    Column("retires_at", Moment),
    Column("gone_at", Moment, index=True),
    info={"expires": "gone_at"},
)
